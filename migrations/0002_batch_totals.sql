-- The part of a batch's totals that is not the terminal's own (src/domain/office-totals.ts). Before this file all of it was the terminal's.
ALTER TABLE `batch` ADD COLUMN `office_debit_amount` integer NOT NULL DEFAULT 0 CONSTRAINT `batch_own_debits` CHECK (`office_debit_amount` <= `debit_amount`);--> statement-breakpoint
ALTER TABLE `batch` ADD COLUMN `office_debit_count` integer NOT NULL DEFAULT 0;--> statement-breakpoint
ALTER TABLE `batch` ADD COLUMN `office_credit_amount` integer NOT NULL DEFAULT 0 CONSTRAINT `batch_own_credits` CHECK (`office_credit_amount` <= `credit_amount`);--> statement-breakpoint
ALTER TABLE `batch` ADD COLUMN `office_credit_count` integer NOT NULL DEFAULT 0;--> statement-breakpoint
-- Not a projection: field 48 of the last 0500 that did not close the open batch, and whether it had a MAC.
ALTER TABLE `batch` ADD COLUMN `last_declared` text;--> statement-breakpoint
ALTER TABLE `batch` ADD COLUMN `is_declared_signed` integer NOT NULL DEFAULT 0;--> statement-breakpoint
-- 1: the terminal's own totals still have the message, because someone else reversed it.
ALTER TABLE `reversal` ADD COLUMN `still_counted` integer NOT NULL DEFAULT 0;--> statement-breakpoint
-- Projection: batches whose terminal declared other totals than its own.
CREATE TABLE `batch_difference` (
  `terminal_id` text NOT NULL,
  `seq` integer NOT NULL,
  `merchant_id` text NOT NULL,
  `batch_number` text NOT NULL,
  `closed_at` integer NOT NULL,
  `own` text NOT NULL,
  `office` text NOT NULL,
  `declared` text,
  `declared_foreign` text,
  `difference` text,
  PRIMARY KEY (`terminal_id`, `seq`)
);
--> statement-breakpoint
CREATE INDEX `batch_difference_list` ON `batch_difference` (`closed_at`, `terminal_id`, `seq`);--> statement-breakpoint
CREATE INDEX `batch_difference_merchant` ON `batch_difference` (`merchant_id`, `closed_at`, `terminal_id`, `seq`);
