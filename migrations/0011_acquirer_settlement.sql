-- The last echo at the acquirer (docs/protocol.md, Echo). One row at most, in database 0. Not a projection.
CREATE TABLE `acquirer_line` (
  `id` integer PRIMARY KEY NOT NULL,
  `asked_at` integer NOT NULL,
  `failures` integer NOT NULL,
  `why` text,
  CONSTRAINT `acquirer_line_one` CHECK (`id` = 1)
);
--> statement-breakpoint
-- Projection: messages whose day at the acquirer, as its field 15 says (MMDD), is not that of the time of their outcome.
CREATE TABLE `acquirer_date` (
  `message_key` text PRIMARY KEY NOT NULL,
  `terminal_id` text NOT NULL,
  `settlement_date` text NOT NULL
);
--> statement-breakpoint
-- The days that are settled with the acquirer (docs/protocol.md, Settlement of a day). Only database 0 has rows. Not a projection.
CREATE TABLE `acquirer_settlement` (
  `day` text NOT NULL,
  `currency_code` text NOT NULL,
  `acquirer_stan` text NOT NULL,
  `own` text NOT NULL,
  `undecided` integer NOT NULL,
  `counted_at` integer NOT NULL,
  `attempts` integer NOT NULL,
  `next_at` integer,
  `answered_at` integer,
  `result` text,
  `theirs` text,
  `case_opened_at` integer,
  `case_closed_at` integer,
  `closed_by` text,
  `note` text,
  PRIMARY KEY (`day`, `currency_code`)
);
--> statement-breakpoint
CREATE INDEX `acquirer_settlement_due` ON `acquirer_settlement` (`next_at`) WHERE next_at IS NOT NULL;
