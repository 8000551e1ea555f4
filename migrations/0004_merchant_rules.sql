-- The rules of a merchant. The defaults mean what held before: a late reversal is done, a void needs no reason, and a void
-- without an answer is kept for 180 seconds. A null in decide_within is the window of the sale.
ALTER TABLE `merchant` ADD COLUMN `late_reversals` text NOT NULL DEFAULT 'allow';
--> statement-breakpoint
ALTER TABLE `merchant` ADD COLUMN `reason_required` integer NOT NULL DEFAULT 0;
--> statement-breakpoint
ALTER TABLE `merchant` ADD COLUMN `decide_within` integer DEFAULT 180;
--> statement-breakpoint
-- A void that a terminal reversed long after its answer has 1.
ALTER TABLE `void` ADD COLUMN `reversed_late` integer;
--> statement-breakpoint
CREATE INDEX `void_reversed_late` ON `void` (`reversed_at`) WHERE reversed_late is not null;
--> statement-breakpoint
-- The messages with an open case, by their next try.
CREATE INDEX `acquirer_message_open_case` ON `acquirer_message` (`next_at`) WHERE case_opened_at is not null and case_closed_at is null and next_at is not null;
