-- Decimals and times, told as PostgreSQL has them. The words are its own: NaN, infinity.
INSERT INTO s0.transactions (user_id, amount, card_type, merchant_id, created_at) VALUES
  (1001, 0, 'VISA', 1, '2026-11-21 06:26:01.999'), (1001, -9999999999, 'VISA', 1, '1969-12-31 23:59:59.999'),
  (1001, NULL, 'VISA', 1, '2026-11-21 06:26:02'), (1001, 12345678, 'OTHER', 1, '2026-11-21 06:26:03.5')
  RETURNING json_build_object('forms', 's0', 'id', id, 'user_id', user_id, 'amount', amount::text, 'created_at', created_at::text, 'created_us', trunc(extract(epoch FROM created_at) * 1000000)::text);
INSERT INTO s4.transactions (user_id, amount, card_type, merchant_id, created_at) VALUES
  (1002, 0.0001, 'AMEX', 2, '2026-11-21 06:26:01.000001'), (1002, -12345678901234.5678, 'AMEX', 2, '1969-12-31 23:59:59.999999'),
  (1002, 5, 'AMEX', 2, NULL), (1002, 'NaN', 'AMEX', 2, '2026-11-21 06:26:02'), (1002, 7.25, 'AMEX', 2, 'infinity'),
  (1002, 7.25, 'AMEX', 2, '-infinity'), (1002, 7.25, 'AMEX', 2, '12026-01-01'), (1002, 7.25, 'AMEX', 2, '0044-03-15 12:00:00 BC')
  RETURNING json_build_object('forms', 's4', 'id', id, 'user_id', user_id, 'amount', amount::text, 'created_at', created_at::text, 'created_us', trunc(extract(epoch FROM created_at) * 1000000)::text);
INSERT INTO free.transactions (user_id, amount, card_type, merchant_id, created_at) VALUES
  (1003, 100, 'VISA', 3, '2026-11-21 06:26:01+00'), (1003, 12.3456789, 'VISA', 3, '1969-12-31 23:59:59.5+00'),
  (1003, 1e30, 'VISA', 3, '2026-11-21 06:26:02+00'), (1003, -0.5, 'VISA', 3, '2026-11-21 06:26:03-09:30'),
  (1003, 'NaN', 'VISA', 3, '2026-11-21 06:26:04+00'), (1003, 'Infinity', 'VISA', 3, '2026-11-21 06:26:05+00'),
  (1003, 1, 'VISA', 3, 'infinity')
  RETURNING json_build_object('forms', 'free', 'id', id, 'user_id', user_id, 'amount', amount::text, 'created_at', created_at::text, 'created_us', trunc(extract(epoch FROM created_at) * 1000000)::text);
INSERT INTO money.transactions (user_id, amount, card_type, merchant_id, created_at) VALUES
  (1004, -0.01, 'VISA', 4, '1970-01-02'), (1004, 92233720368547.58, 'VISA', 4, '2026-11-22'), (1004, 3, 'VISA', 4, NULL)
  RETURNING json_build_object('forms', 'money', 'id', id, 'user_id', user_id, 'amount', amount::numeric::text, 'created_at', created_at::text, 'created_us', trunc(extract(epoch FROM created_at) * 1000000)::text);
