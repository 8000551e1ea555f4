-- The table and its columns take the words of the code: what was called the host is the acquirer.
-- Journal entries keep the names that they were written with, and no code reads the old names. So this fails where there are any:
-- delete a development database of an earlier version and make it again.
CREATE TABLE `__new_database_is_required` (`journal_entries` integer CHECK (`journal_entries` = 0));--> statement-breakpoint
INSERT INTO `__new_database_is_required` SELECT count(*) FROM `journal`;--> statement-breakpoint
DROP TABLE `__new_database_is_required`;--> statement-breakpoint
ALTER TABLE `host_message` RENAME TO `acquirer_message`;--> statement-breakpoint
ALTER TABLE `acquirer_message` RENAME COLUMN `host_stan` TO `acquirer_stan`;--> statement-breakpoint
ALTER TABLE `acquirer_message` RENAME COLUMN `host_rrn` TO `acquirer_rrn`;--> statement-breakpoint
ALTER TABLE `acquirer_message` RENAME COLUMN `host_said` TO `acquirer_status`;--> statement-breakpoint
ALTER TABLE `acquirer_message` RENAME COLUMN `host_amount` TO `acquirer_amount`;--> statement-breakpoint
DROP INDEX `host_message_stan`;--> statement-breakpoint
DROP INDEX `host_message_due`;--> statement-breakpoint
DROP INDEX `host_message_undecided`;--> statement-breakpoint
DROP INDEX `host_message_case`;--> statement-breakpoint
CREATE UNIQUE INDEX `acquirer_message_stan` ON `acquirer_message` (`terminal_id`,`batch_number`,`acquirer_stan`);--> statement-breakpoint
CREATE INDEX `acquirer_message_due` ON `acquirer_message` (`next_at`) WHERE next_at is not null;--> statement-breakpoint
CREATE INDEX `acquirer_message_undecided` ON `acquirer_message` (`terminal_id`) WHERE state in ('pending', 'undoing');--> statement-breakpoint
CREATE INDEX `acquirer_message_case` ON `acquirer_message` (`case_opened_at`) WHERE case_opened_at is not null;
