-- The tables of record-events.sh. Rows are told as they are inserted, so that PostgreSQL's own words stand beside the events.
CREATE SCHEMA s0;
CREATE SCHEMA s4;
CREATE SCHEMA free;
CREATE SCHEMA money;
CREATE SCHEMA shop;

-- Each has another decimal, and another time.
CREATE TABLE s0.transactions (
  id serial PRIMARY KEY, user_id int, amount numeric(10, 0), card_type varchar(20), merchant_id int, created_at timestamp(3));
CREATE TABLE s4.transactions (
  id serial PRIMARY KEY, user_id int, amount numeric(18, 4), card_type varchar(20), merchant_id int, created_at timestamp(6));
CREATE TABLE free.transactions (
  id serial PRIMARY KEY, user_id int, amount numeric, card_type varchar(20), merchant_id int, created_at timestamptz);
CREATE TABLE money.transactions (
  id serial PRIMARY KEY, user_id int, amount money, card_type varchar(20), merchant_id int, created_at date);

CREATE TABLE shop.transactions (
  id serial PRIMARY KEY, user_id int, amount numeric(10, 2), card_type varchar(20), merchant_id int, created_at timestamp, note text);
ALTER TABLE shop.transactions ALTER note SET STORAGE EXTERNAL;
CREATE TABLE shop.signals (id varchar(42) PRIMARY KEY, type varchar(32) NOT NULL, data varchar(2048));

-- What a snapshot finds.
INSERT INTO s0.transactions (user_id, amount, card_type, merchant_id, created_at)
  VALUES (1001, 4970, 'VISA', 1, '2026-11-21 06:26:00.123') RETURNING json_build_object('forms', 's0', 'id', id, 'user_id', user_id, 'amount', amount::text, 'created_at', created_at::text, 'created_us', trunc(extract(epoch FROM created_at) * 1000000)::text);
INSERT INTO s4.transactions (user_id, amount, card_type, merchant_id, created_at)
  VALUES (1002, 4970.1725, 'AMEX', 2, '2026-11-21 06:26:00.123456') RETURNING json_build_object('forms', 's4', 'id', id, 'user_id', user_id, 'amount', amount::text, 'created_at', created_at::text, 'created_us', trunc(extract(epoch FROM created_at) * 1000000)::text);
INSERT INTO free.transactions (user_id, amount, card_type, merchant_id, created_at)
  VALUES (1003, 4970.17, 'MASTERCARD', 3, '2026-11-21 08:26:00.123456+02') RETURNING json_build_object('forms', 'free', 'id', id, 'user_id', user_id, 'amount', amount::text, 'created_at', created_at::text, 'created_us', trunc(extract(epoch FROM created_at) * 1000000)::text);
INSERT INTO money.transactions (user_id, amount, card_type, merchant_id, created_at)
  VALUES (1004, 4970.17, NULL, NULL, '2026-11-21') RETURNING json_build_object('forms', 'money', 'id', id, 'user_id', user_id, 'amount', amount::numeric::text, 'created_at', created_at::text, 'created_us', trunc(extract(epoch FROM created_at) * 1000000)::text);
INSERT INTO shop.transactions (user_id, amount, card_type, merchant_id, created_at)
  VALUES (2001, 12.50, 'VISA', 7, '2026-11-21 06:26:00.000001') RETURNING json_build_object('shop', 'shop', 'id', id, 'user_id', user_id, 'amount', amount::text, 'created_at', created_at::text, 'created_us', trunc(extract(epoch FROM created_at) * 1000000)::text);
