-- A table's life: rows come, change, move and go; the table is altered, read again while rows come, and emptied.
\set told 'RETURNING json_build_object(''shop'', ''shop'', ''id'', id, ''user_id'', user_id, ''amount'', amount::text, ''created_at'', created_at::text, ''created_us'', trunc(extract(epoch FROM created_at) * 1000000)::text)'
INSERT INTO shop.transactions (user_id, amount, card_type, merchant_id, created_at)
  VALUES (2002, 5.00, 'AMEX', 8, '2026-11-21 06:26:01'), (2003, 4001.99, NULL, NULL, NULL) :told;
INSERT INTO shop.transactions (user_id, amount, card_type, merchant_id, created_at, note)
  VALUES (2004, 40.04, 'MASTERCARD', 9, '2026-11-21 06:26:02.5', repeat('n', 2100)) :told;
-- The note lies outside of the row, and is not in the log again.
UPDATE shop.transactions SET card_type = 'VISA' WHERE id = 4;
UPDATE shop.transactions SET id = 102 WHERE id = 2;
DELETE FROM shop.transactions WHERE id = 3;
SELECT 'message ' || pg_logical_emit_message(true, 'kafkawire', 'in a transaction'), pg_logical_emit_message(false, 'kafkawire', 'outside of one');

ALTER TABLE shop.transactions ADD COLUMN country varchar(2) DEFAULT 'DE';
INSERT INTO shop.transactions (user_id, amount, card_type, merchant_id, created_at)
  VALUES (2005, 55.55, 'VISA', 7, '2026-11-21 06:26:05') :told;
ALTER TABLE shop.transactions ALTER user_id TYPE bigint, ALTER merchant_id TYPE bigint;
INSERT INTO shop.transactions (user_id, amount, card_type, merchant_id, created_at)
  VALUES (6000000006, 66.66, 'VISA', 7000000007, '2026-11-21 06:26:06') :told;
ALTER TABLE shop.transactions ALTER amount TYPE numeric(14, 4);
INSERT INTO shop.transactions (user_id, amount, card_type, merchant_id, created_at)
  VALUES (2007, 77.7777, 'VISA', 7, '2026-11-21 06:26:07') :told;
ALTER TABLE shop.transactions ALTER amount TYPE numeric(10, 2), ALTER merchant_id TYPE text;
INSERT INTO shop.transactions (user_id, amount, card_type, merchant_id, created_at)
  VALUES (2008, 88.88, 'VISA', 'seven', '2026-11-21 06:26:08') :told;
ALTER TABLE shop.transactions DROP COLUMN merchant_id;
ALTER TABLE shop.transactions RENAME amount TO total;
INSERT INTO shop.transactions (user_id, total, card_type, created_at) VALUES (2009, 99.99, 'VISA', '2026-11-21 06:26:09');
ALTER TABLE shop.transactions RENAME total TO amount;
ALTER TABLE shop.transactions ADD COLUMN merchant_id int;

-- The table is read once more (an incremental snapshot) while rows come. What it finds is told once more: amounts were rounded, a
-- row has another id, and one was told by nobody, since its amount had another name.
SELECT json_build_object('shop', 'shop', 'id', id, 'user_id', user_id, 'amount', amount::text, 'created_at', created_at::text, 'created_us', trunc(extract(epoch FROM created_at) * 1000000)::text)
  FROM shop.transactions ORDER BY id;
INSERT INTO shop.signals VALUES ('again', 'execute-snapshot', '{"data-collections": ["shop.transactions"], "type": "incremental"}');
INSERT INTO shop.transactions (user_id, amount, card_type, merchant_id, created_at)
  VALUES (2010, 10.10, 'VISA', 7, '2026-11-21 06:26:10') :told;
SELECT pg_sleep(3) \g /dev/null
INSERT INTO shop.transactions (user_id, amount, card_type, merchant_id, created_at)
  VALUES (2011, 11.11, 'VISA', 7, '2026-11-21 06:26:11') :told;
TRUNCATE shop.transactions;
INSERT INTO shop.transactions (user_id, amount, card_type, merchant_id, created_at)
  VALUES (2012, 12.12, 'VISA', 7, '2026-11-21 06:26:12') :told;
