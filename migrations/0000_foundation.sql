-- The tables of Annul, journal format 2. src/store/schema.ts says what each member means.
-- A column `…_raw` is stored. The virtual column without the suffix has the same value as text.
CREATE TABLE `journal` (
  `terminal_id` text NOT NULL,
  `seq` integer NOT NULL,
  `hash_raw` blob NOT NULL,
  `message_key` text NOT NULL,
  `rrn_raw` integer,
  `body` text NOT NULL,
  `void_of` integer,
  `hash` text GENERATED ALWAYS AS (lower(hex(hash_raw))) VIRTUAL,
  `rrn` text GENERATED ALWAYS AS (iif(rrn_raw is null, null, printf('%012d', rrn_raw))) VIRTUAL,
  PRIMARY KEY (`terminal_id`, `seq`),
  CONSTRAINT `journal_seq` CHECK (`seq` > 0)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `journal_message_key` ON `journal` (`message_key`);--> statement-breakpoint
CREATE UNIQUE INDEX `journal_rrn` ON `journal` (`rrn_raw`);--> statement-breakpoint
CREATE INDEX `journal_void_of` ON `journal` (`terminal_id`, `void_of`) WHERE void_of IS NOT NULL;--> statement-breakpoint
CREATE TABLE `merchant` (
  `merchant_id` text PRIMARY KEY NOT NULL,
  `name` text NOT NULL,
  `status` text NOT NULL,
  `time_zone` text NOT NULL,
  `cut_off` text NOT NULL,
  `window_kind` text NOT NULL,
  `window_minutes` integer,
  `currency_code` text NOT NULL,
  `head_seq` integer NOT NULL,
  `head_hash` text NOT NULL,
  `head_mac` text NOT NULL,
  `head_mac_key` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `terminal` (
  `terminal_id` text PRIMARY KEY NOT NULL,
  `merchant_id` text NOT NULL,
  `status` text NOT NULL,
  `mac_profile` text NOT NULL,
  `text_encoding` text NOT NULL,
  `settlement_mac` text NOT NULL,
  `batch_number` text NOT NULL,
  `key_version` integer,
  `tmk_version` integer NOT NULL,
  `head_seq` integer NOT NULL,
  `head_hash` text NOT NULL,
  `head_mac` text NOT NULL,
  `head_mac_key` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `batch` (
  `terminal_id` text NOT NULL,
  `batch_number` text NOT NULL,
  `state` text NOT NULL,
  `debit_amount` integer NOT NULL,
  `debit_count` integer NOT NULL,
  `credit_amount` integer NOT NULL,
  `credit_count` integer NOT NULL,
  PRIMARY KEY (`terminal_id`, `batch_number`),
  CONSTRAINT `batch_amounts` CHECK (`debit_amount` >= 0 AND `credit_amount` BETWEEN 0 AND `debit_amount`),
  CONSTRAINT `batch_counts` CHECK (`credit_count` BETWEEN 0 AND `debit_count`)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `batch_open` ON `batch` (`terminal_id`) WHERE state = 'open';--> statement-breakpoint
CREATE TABLE `sale` (
  `id_raw` blob NOT NULL,
  `message_key` text NOT NULL,
  `merchant_id` text NOT NULL,
  `amount` integer NOT NULL,
  `currency_code` text NOT NULL,
  `fee` integer,
  `card_first6_raw` blob,
  `card_last4_raw` blob,
  `card_fingerprint_raw` blob,
  `rrn_raw` blob NOT NULL,
  `authorization_code_raw` blob,
  `is_declined` integer NOT NULL,
  `sold_at` integer NOT NULL,
  `acquirer_stan_raw` integer,
  `acquirer_rrn_raw` blob,
  `settled_after` integer,
  `authorization_code` text GENERATED ALWAYS AS (iif(typeof(authorization_code_raw) IN ('integer', 'real'), printf('%06d', authorization_code_raw), authorization_code_raw)) VIRTUAL,
  `card_first6` text GENERATED ALWAYS AS (iif(typeof(card_first6_raw) IN ('integer', 'real'), printf('%06d', card_first6_raw), card_first6_raw)) VIRTUAL,
  `card_last4` text GENERATED ALWAYS AS (iif(typeof(card_last4_raw) IN ('integer', 'real'), printf('%04d', card_last4_raw), card_last4_raw)) VIRTUAL,
  `id` text GENERATED ALWAYS AS (lower(hex(id_raw))) VIRTUAL,
  `terminal_id` text GENERATED ALWAYS AS (substr(message_key, 1, 8)) VIRTUAL,
  `batch_number` text GENERATED ALWAYS AS (substr(message_key, 9, 6)) VIRTUAL,
  `stan` text GENERATED ALWAYS AS (substr(message_key, 15, 6)) VIRTUAL,
  `rrn` text GENERATED ALWAYS AS (iif(typeof(rrn_raw) IN ('integer', 'real'), printf('%012d', rrn_raw), rrn_raw)) VIRTUAL,
  `status` text GENERATED ALWAYS AS (iif(is_declined, 'declined', 'approved')) VIRTUAL,
  `card_fingerprint` text GENERATED ALWAYS AS (lower(hex(card_fingerprint_raw))) VIRTUAL,
  `acquirer_stan` text GENERATED ALWAYS AS (iif(typeof(acquirer_stan_raw) IN ('integer', 'real'), printf('%06d', acquirer_stan_raw), acquirer_stan_raw)) VIRTUAL,
  `acquirer_rrn` text GENERATED ALWAYS AS (iif(typeof(acquirer_rrn_raw) IN ('integer', 'real'), printf('%012d', acquirer_rrn_raw), acquirer_rrn_raw)) VIRTUAL,
  CONSTRAINT `sale_amount` CHECK (`amount` > 0 AND `amount` <= 999999999999),
  CONSTRAINT `sale_fee` CHECK (`fee` IS NULL OR `fee` BETWEEN 0 AND `amount`)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sale_id` ON `sale` (`id_raw`);--> statement-breakpoint
CREATE UNIQUE INDEX `sale_message_key` ON `sale` (`message_key`);--> statement-breakpoint
CREATE INDEX `sale_rrn` ON `sale` (`rrn_raw`);--> statement-breakpoint
CREATE INDEX `sale_acquirer_stan` ON `sale` (`acquirer_stan_raw`) WHERE acquirer_stan_raw IS NOT NULL;--> statement-breakpoint
CREATE INDEX `sale_settled` ON `sale` (`sold_at`) WHERE acquirer_stan_raw IS NOT NULL;--> statement-breakpoint
CREATE TABLE `void` (
  `id_raw` blob NOT NULL,
  `message_key` text NOT NULL,
  `sale_id_raw` blob NOT NULL,
  `amount` integer NOT NULL,
  `rrn_raw` integer NOT NULL,
  `authorization_code_raw` blob,
  `reason` text,
  `voided_at` integer NOT NULL,
  `state_raw` text,
  `reversed_at` integer,
  `acquirer_stan_raw` integer,
  `acquirer_rrn_raw` blob,
  `settled_after` integer,
  `state` text GENERATED ALWAYS AS (coalesce(state_raw, 'approved')) VIRTUAL,
  `authorization_code` text GENERATED ALWAYS AS (iif(typeof(authorization_code_raw) IN ('integer', 'real'), printf('%06d', authorization_code_raw), authorization_code_raw)) VIRTUAL,
  `id` text GENERATED ALWAYS AS (lower(hex(id_raw))) VIRTUAL,
  `sale_id` text GENERATED ALWAYS AS (lower(hex(sale_id_raw))) VIRTUAL,
  `rrn` text GENERATED ALWAYS AS (printf('%012d', rrn_raw)) VIRTUAL,
  `acquirer_stan` text GENERATED ALWAYS AS (iif(typeof(acquirer_stan_raw) IN ('integer', 'real'), printf('%06d', acquirer_stan_raw), acquirer_stan_raw)) VIRTUAL,
  `acquirer_rrn` text GENERATED ALWAYS AS (iif(typeof(acquirer_rrn_raw) IN ('integer', 'real'), printf('%012d', acquirer_rrn_raw), acquirer_rrn_raw)) VIRTUAL,
  CONSTRAINT `void_amount` CHECK (`amount` > 0 AND `amount` <= 999999999999)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `void_id` ON `void` (`id_raw`);--> statement-breakpoint
CREATE UNIQUE INDEX `void_message_key` ON `void` (`message_key`);--> statement-breakpoint
CREATE UNIQUE INDEX `void_live` ON `void` (`sale_id_raw`) WHERE state NOT IN ('declined', 'reversed');--> statement-breakpoint
CREATE INDEX `void_acquirer_stan` ON `void` (`acquirer_stan_raw`) WHERE acquirer_stan_raw IS NOT NULL;--> statement-breakpoint
CREATE INDEX `void_settled` ON `void` (`voided_at`) WHERE acquirer_stan_raw IS NOT NULL;--> statement-breakpoint
CREATE TABLE `reversal` (
  `target_key` text PRIMARY KEY NOT NULL,
  `terminal_id` text NOT NULL,
  `seq` integer NOT NULL,
  `kind` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `reversal_entry` ON `reversal` (`terminal_id`, `seq`);--> statement-breakpoint
CREATE TABLE `acquirer_message` (
  `message_key` text PRIMARY KEY NOT NULL,
  `kind` text NOT NULL,
  `merchant_id` text NOT NULL,
  `terminal_id` text NOT NULL,
  `batch_number` text NOT NULL,
  `acquirer_stan` text NOT NULL,
  `amount` integer NOT NULL,
  `currency_code` text NOT NULL,
  `original_batch_number` text,
  `original_stan` text,
  `original_rrn` text,
  `original_authorization_code` text,
  `rrn` text NOT NULL,
  `acquirer_rrn` text,
  `state_raw` text,
  `claimed_at` integer NOT NULL,
  `decide_by` integer NOT NULL,
  `moved_at` integer NOT NULL,
  `case_reason` text,
  `case_opened_at` integer,
  `case_closed_at` integer,
  `acquirer_status` text,
  `acquirer_amount` integer,
  `attempts` integer NOT NULL,
  `next_at` integer,
  `state` text GENERATED ALWAYS AS (coalesce(state_raw, 'approved')) VIRTUAL
);
--> statement-breakpoint
-- The acquirer keeps a sale and a void under one trace number apart. A message without a number there has 000000.
CREATE UNIQUE INDEX `acquirer_message_stan` ON `acquirer_message` (`terminal_id`, `batch_number`, `acquirer_stan`, `kind`) WHERE `acquirer_stan` <> '000000';--> statement-breakpoint
CREATE INDEX `acquirer_message_due` ON `acquirer_message` (`next_at`) WHERE next_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `acquirer_message_undecided` ON `acquirer_message` (`terminal_id`) WHERE state IN ('pending', 'undoing');--> statement-breakpoint
CREATE INDEX `acquirer_message_case` ON `acquirer_message` (`case_opened_at`) WHERE case_opened_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `acquirer_message_claimed` ON `acquirer_message` (`claimed_at`);--> statement-breakpoint
-- Forwarded messages on which both sides agree have no row in `acquirer_message`. They follow from their sale or void.
CREATE VIEW `settled_sale` AS SELECT message_key AS `message_key`, 'sale' AS `kind`, merchant_id AS `merchant_id`, terminal_id AS `terminal_id`, batch_number AS `batch_number`, acquirer_stan AS `acquirer_stan`, amount AS `amount`, currency_code AS `currency_code`, NULL AS `original_batch_number`, NULL AS `original_stan`, NULL AS `original_rrn`, NULL AS `original_authorization_code`, rrn AS `rrn`, acquirer_rrn AS `acquirer_rrn`, nullif(status, 'approved') AS `state_raw`, sold_at AS `claimed_at`, sold_at + 180000 AS `decide_by`, sold_at + settled_after AS `moved_at`, NULL AS `case_reason`, NULL AS `case_opened_at`, NULL AS `case_closed_at`, status AS `acquirer_status`, NULL AS `acquirer_amount`, 0 AS `attempts`, NULL AS `next_at`, status AS `state`, acquirer_stan_raw AS `acquirer_number` FROM sale WHERE acquirer_stan_raw IS NOT NULL;--> statement-breakpoint
-- The state of the void may have moved on already, when its message moves in the same commit. A declined one stays declined.
CREATE VIEW `settled_void` AS SELECT void.message_key AS `message_key`, 'void' AS `kind`, sale.merchant_id AS `merchant_id`, sale.terminal_id AS `terminal_id`, sale.batch_number AS `batch_number`, void.acquirer_stan AS `acquirer_stan`, void.amount AS `amount`, sale.currency_code AS `currency_code`, sale.batch_number AS `original_batch_number`, coalesce(sale.acquirer_stan, sale.stan) AS `original_stan`, coalesce(sale.acquirer_rrn, sale.rrn) AS `original_rrn`, sale.authorization_code AS `original_authorization_code`, void.rrn AS `rrn`, void.acquirer_rrn AS `acquirer_rrn`, iif(void.state = 'declined', 'declined', NULL) AS `state_raw`, void.voided_at AS `claimed_at`, void.voided_at + 180000 AS `decide_by`, void.voided_at + void.settled_after AS `moved_at`, NULL AS `case_reason`, NULL AS `case_opened_at`, NULL AS `case_closed_at`, iif(void.state = 'declined', 'declined', 'approved') AS `acquirer_status`, NULL AS `acquirer_amount`, 0 AS `attempts`, NULL AS `next_at`, iif(void.state = 'declined', 'declined', 'approved') AS `state`, void.acquirer_stan_raw AS `acquirer_number` FROM void JOIN sale ON sale.id_raw = void.sale_id_raw WHERE void.acquirer_stan_raw IS NOT NULL;--> statement-breakpoint
-- Every forwarded message, for people and tests. The service joins the parts, each by its index.
CREATE VIEW `acquirer_record` AS SELECT `message_key`, `kind`, `merchant_id`, `terminal_id`, `batch_number`, `acquirer_stan`, `amount`, `currency_code`, `original_batch_number`, `original_stan`, `original_rrn`, `original_authorization_code`, `rrn`, `acquirer_rrn`, `state_raw`, `claimed_at`, `decide_by`, `moved_at`, `case_reason`, `case_opened_at`, `case_closed_at`, `acquirer_status`, `acquirer_amount`, `attempts`, `next_at`, `state` FROM acquirer_message
  UNION ALL SELECT `message_key`, `kind`, `merchant_id`, `terminal_id`, `batch_number`, `acquirer_stan`, `amount`, `currency_code`, `original_batch_number`, `original_stan`, `original_rrn`, `original_authorization_code`, `rrn`, `acquirer_rrn`, `state_raw`, `claimed_at`, `decide_by`, `moved_at`, `case_reason`, `case_opened_at`, `case_closed_at`, `acquirer_status`, `acquirer_amount`, `attempts`, `next_at`, `state` FROM settled_sale WHERE NOT EXISTS (SELECT 1 FROM acquirer_message AS own WHERE own.message_key = settled_sale.message_key)
  UNION ALL SELECT `message_key`, `kind`, `merchant_id`, `terminal_id`, `batch_number`, `acquirer_stan`, `amount`, `currency_code`, `original_batch_number`, `original_stan`, `original_rrn`, `original_authorization_code`, `rrn`, `acquirer_rrn`, `state_raw`, `claimed_at`, `decide_by`, `moved_at`, `case_reason`, `case_opened_at`, `case_closed_at`, `acquirer_status`, `acquirer_amount`, `attempts`, `next_at`, `state` FROM settled_void WHERE NOT EXISTS (SELECT 1 FROM acquirer_message AS own WHERE own.message_key = settled_void.message_key);--> statement-breakpoint
-- A number at the acquirer stays used after the row of its message went. The message itself may come back.
CREATE TRIGGER `acquirer_number` BEFORE INSERT ON `acquirer_message` WHEN new.acquirer_stan <> '000000' BEGIN
  SELECT raise(abort, 'UNIQUE constraint failed: the number at the acquirer')
    WHERE EXISTS (SELECT 1 FROM settled_sale WHERE new.kind = 'sale' AND acquirer_number = cast(new.acquirer_stan AS integer)
      AND acquirer_stan = new.acquirer_stan AND terminal_id = new.terminal_id AND batch_number = new.batch_number
      AND message_key <> new.message_key)
    OR EXISTS (SELECT 1 FROM settled_void WHERE new.kind = 'void' AND acquirer_number = cast(new.acquirer_stan AS integer)
      AND acquirer_stan = new.acquirer_stan AND terminal_id = new.terminal_id AND batch_number = new.batch_number
      AND message_key <> new.message_key);
END;--> statement-breakpoint
-- Both sides agree: the numbers move to the sale or void. The row goes only when every column follows from them.
CREATE TRIGGER `settle` AFTER UPDATE ON `acquirer_message`
  WHEN new.acquirer_status = new.state AND new.state IN ('approved', 'declined') AND new.next_at IS NULL AND new.attempts = 0
    AND new.case_opened_at IS NULL AND new.acquirer_stan <> '000000' BEGIN
  UPDATE sale SET acquirer_stan_raw = cast(new.acquirer_stan AS integer), settled_after = new.moved_at - sold_at,
    acquirer_rrn_raw = iif(length(new.acquirer_rrn) = 12 AND new.acquirer_rrn NOT GLOB '*[^0-9]*', cast(new.acquirer_rrn AS integer), new.acquirer_rrn)
    WHERE new.kind = 'sale' AND message_key = new.message_key AND acquirer_stan_raw IS NULL;
  UPDATE void SET acquirer_stan_raw = cast(new.acquirer_stan AS integer), settled_after = new.moved_at - voided_at,
    acquirer_rrn_raw = iif(length(new.acquirer_rrn) = 12 AND new.acquirer_rrn NOT GLOB '*[^0-9]*', cast(new.acquirer_rrn AS integer), new.acquirer_rrn)
    WHERE new.kind = 'void' AND message_key = new.message_key AND acquirer_stan_raw IS NULL;
  DELETE FROM acquirer_message WHERE message_key = new.message_key AND (
    EXISTS (SELECT 1 FROM settled_sale AS settled WHERE settled.message_key = new.message_key AND (settled.kind, settled.merchant_id, settled.terminal_id, settled.batch_number, settled.acquirer_stan, settled.amount, settled.currency_code, settled.original_batch_number, settled.original_stan, settled.original_rrn, settled.original_authorization_code, settled.rrn, settled.acquirer_rrn, settled.claimed_at, settled.decide_by, settled.moved_at, settled.case_reason, settled.case_opened_at, settled.case_closed_at, settled.acquirer_status, settled.acquirer_amount, settled.state)
      IS (new.kind, new.merchant_id, new.terminal_id, new.batch_number, new.acquirer_stan, new.amount, new.currency_code, new.original_batch_number, new.original_stan, new.original_rrn, new.original_authorization_code, new.rrn, new.acquirer_rrn, new.claimed_at, new.decide_by, new.moved_at, new.case_reason, new.case_opened_at, new.case_closed_at, new.acquirer_status, new.acquirer_amount, new.state))
    OR EXISTS (SELECT 1 FROM settled_void AS settled WHERE settled.message_key = new.message_key AND (settled.kind, settled.merchant_id, settled.terminal_id, settled.batch_number, settled.acquirer_stan, settled.amount, settled.currency_code, settled.original_batch_number, settled.original_stan, settled.original_rrn, settled.original_authorization_code, settled.rrn, settled.acquirer_rrn, settled.claimed_at, settled.decide_by, settled.moved_at, settled.case_reason, settled.case_opened_at, settled.case_closed_at, settled.acquirer_status, settled.acquirer_amount, settled.state)
      IS (new.kind, new.merchant_id, new.terminal_id, new.batch_number, new.acquirer_stan, new.amount, new.currency_code, new.original_batch_number, new.original_stan, new.original_rrn, new.original_authorization_code, new.rrn, new.acquirer_rrn, new.claimed_at, new.decide_by, new.moved_at, new.case_reason, new.case_opened_at, new.case_closed_at, new.acquirer_status, new.acquirer_amount, new.state)));
END;--> statement-breakpoint
CREATE TABLE `master_key` (
  `terminal_id` text PRIMARY KEY NOT NULL,
  `version` integer NOT NULL,
  `wrapped` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `data_key` (
  `purpose` text NOT NULL,
  `id` integer NOT NULL,
  `master_id` text NOT NULL,
  `wrapped` text NOT NULL,
  `created_at` integer NOT NULL,
  PRIMARY KEY (`purpose`, `id`)
);
--> statement-breakpoint
CREATE TABLE `key_set` (
  `terminal_id` text NOT NULL,
  `version` integer NOT NULL,
  `tmk_version` integer NOT NULL,
  `layout` text NOT NULL,
  `mak` text NOT NULL,
  `tpk` text NOT NULL,
  `tdk` text,
  `created_at` integer NOT NULL,
  PRIMARY KEY (`terminal_id`, `version`)
);
--> statement-breakpoint
-- Projection of entries. `merchant_id` null: a key of an administrator.
CREATE TABLE `api_key` (
  `id` text PRIMARY KEY NOT NULL,
  `hash` text NOT NULL,
  `merchant_id` text,
  `name` text NOT NULL,
  `scopes` text NOT NULL,
  `created_at` integer NOT NULL,
  `expires_at` integer,
  `revoked_at` integer
);
--> statement-breakpoint
-- Buckets that are not in database 0, or were moved back to it (docs/decisions/2026-11-30-buckets.md). Only database 0 has rows.
CREATE TABLE `bucket` (
  `bucket` integer PRIMARY KEY NOT NULL,
  `database` text NOT NULL,
  `version` integer NOT NULL,
  `mac` text NOT NULL,
  `mac_key` integer NOT NULL,
  CONSTRAINT `bucket_number` CHECK (`bucket` BETWEEN 0 AND 1023)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `api_key_hash` ON `api_key` (`hash`);--> statement-breakpoint
CREATE INDEX `api_key_list` ON `api_key` (`merchant_id`, `created_at`, `id`);--> statement-breakpoint
-- The head of the stream `region`, in which the keys of administrators are. It has one row at most.
CREATE TABLE `region` (
  `id` integer PRIMARY KEY NOT NULL,
  `head_seq` integer NOT NULL,
  `head_hash` text NOT NULL,
  `head_mac` text NOT NULL,
  `head_mac_key` integer NOT NULL,
  CONSTRAINT `region_one` CHECK (`id` = 1)
);
--> statement-breakpoint
-- The versions of what decisions depend on beside the head of a journal (docs/semantics.md, Guards).
CREATE TABLE `guard` (`key` text PRIMARY KEY NOT NULL, `version` integer NOT NULL) WITHOUT ROWID;--> statement-breakpoint
-- Refusals of a sender in a UTC day (docs/semantics.md, Quota of refusals): entries of the journal, and refusals beyond the quota.
CREATE TABLE `refusal_count` (
	`key` text NOT NULL,
	`day` integer NOT NULL,
	`written` integer NOT NULL,
	`refused` integer NOT NULL,
	PRIMARY KEY(`key`, `day`)
) WITHOUT ROWID;--> statement-breakpoint
CREATE INDEX `refusal_count_day` ON `refusal_count` (`day`);--> statement-breakpoint
-- The months of terminals' journals that are in the archive (docs/decisions/2026-12-01-archive.md). A MAC of the service covers a row.
CREATE TABLE `archive_segment` (
  `id` integer PRIMARY KEY NOT NULL,
  `terminal_id` text NOT NULL,
  `month` text NOT NULL,
  `first_seq` integer NOT NULL,
  `last_seq` integer NOT NULL,
  `last_hash` text NOT NULL,
  `open_batch` text NOT NULL,
  `digest` text NOT NULL,
  `names` text NOT NULL,
  `state` text NOT NULL,
  `archived_at` integer NOT NULL,
  `mac` text NOT NULL,
  `mac_key` integer NOT NULL,
  CONSTRAINT `archive_segment_order` CHECK (`first_seq` BETWEEN 1 AND `last_seq`)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `archive_segment_place` ON `archive_segment` (`terminal_id`, `first_seq`);--> statement-breakpoint
-- The names of what is in the archive: message keys as text, ids of sales and voids as bytes, RRNs as numbers. They are never used again.
CREATE TABLE `archived` (`name` blob NOT NULL, `segment` integer NOT NULL, PRIMARY KEY (`name`, `segment`)) WITHOUT ROWID;--> statement-breakpoint
-- Each inserted row sees the rows before it, also those of its own statement. So a set may hold several entries of one terminal.
CREATE VIEW `incoming` AS SELECT `terminal_id`, `seq`, x'' AS `previous_hash_raw`, `hash_raw`, `message_key`, `rrn_raw`, `body`, '' AS `tombstoned_key`, '' AS `claim_sale_key`, '' AS `base_key`, 0 AS `void_sign`, '' AS `voided_sale_key`, '' AS `ended_keys`, '' AS `needs`, '' AS `moves` FROM `journal` WHERE 0;--> statement-breakpoint
CREATE TRIGGER `arrive` INSTEAD OF INSERT ON `incoming` BEGIN
  SELECT raise(ignore) WHERE
    -- The head is the one of the decision.
    NOT (new.seq = 1 AND new.previous_hash_raw = zeroblob(32) OR EXISTS (SELECT 1 FROM journal WHERE terminal_id = new.terminal_id AND seq = new.seq - 1 AND hash_raw = new.previous_hash_raw))
    OR EXISTS (SELECT 1 FROM journal WHERE terminal_id = new.terminal_id AND seq = new.seq)
    -- A stream begins once, also when its terminal and its first entries are lost or in the archive.
    OR EXISTS (SELECT 1 FROM journal WHERE terminal_id = new.terminal_id AND seq > 1 AND new.seq = 1)
    OR EXISTS (SELECT 1 FROM archive_segment WHERE terminal_id = new.terminal_id AND new.seq = 1)
    -- Key and RRN are new.
    OR EXISTS (SELECT 1 FROM journal WHERE message_key = new.message_key)
    OR EXISTS (SELECT 1 FROM journal WHERE rrn_raw = new.rrn_raw)
    -- No reversal names the message.
    OR EXISTS (SELECT 1 FROM reversal WHERE target_key = new.message_key)
    -- The target of a tombstone has not arrived.
    OR EXISTS (SELECT 1 FROM journal WHERE message_key = new.tombstoned_key)
    -- The trace number that a claim drew is not that of a captured sale. The reverse is decided on the loaded state.
    OR EXISTS (SELECT 1 FROM journal WHERE message_key = new.claim_sale_key)
    -- Nor that of one that was reversed before it arrived.
    OR EXISTS (SELECT 1 FROM reversal WHERE target_key = new.claim_sale_key)
    -- The archive has neither the message, nor the entry that it follows, nor its RRN, nor the sale that it voids.
    OR EXISTS (SELECT 1 FROM archived WHERE name IN (new.message_key, new.base_key, new.rrn_raw, new.tombstoned_key, new.claim_sale_key, new.voided_sale_key))
    -- Every guard has the version of the decision.
    OR EXISTS (SELECT 1 FROM json_each(new.needs) AS need LEFT JOIN guard ON guard.key = need.value ->> 0
      WHERE coalesce(guard.version, 0) <> need.value ->> 1);
  INSERT INTO journal (terminal_id, seq, hash_raw, message_key, rrn_raw, body, void_of)
    VALUES (new.terminal_id, new.seq, new.hash_raw, new.message_key, new.rrn_raw, new.body,
      CASE new.void_sign
        WHEN 1 THEN (SELECT seq FROM journal WHERE message_key = new.voided_sale_key)
        WHEN -1 THEN -(SELECT void_of FROM journal WHERE message_key IN (SELECT value FROM json_each(new.ended_keys)) AND void_of > 0 LIMIT 1)
      END);
  INSERT INTO reversal (target_key, terminal_id, seq, kind) SELECT new.tombstoned_key, new.terminal_id, new.seq, 'tombstone' WHERE new.tombstoned_key IS NOT NULL;
  INSERT INTO guard (key, version) SELECT move.value, 1 FROM json_each(new.moves) AS move WHERE true
    ON CONFLICT (key) DO UPDATE SET version = version + 1;
END;
