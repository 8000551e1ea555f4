CREATE TABLE `host_message` (
	`message_key` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`merchant_id` text NOT NULL,
	`terminal_id` text NOT NULL,
	`batch_number` text NOT NULL,
	`host_stan` text NOT NULL,
	`amount` integer NOT NULL,
	`currency_code` text NOT NULL,
	`original_batch_number` text,
	`original_stan` text,
	`original_rrn` text,
	`original_authorization_code` text,
	`rrn` text NOT NULL,
	`host_rrn` text,
	`state` text NOT NULL,
	`claimed_at` integer NOT NULL,
	`decide_by` integer NOT NULL,
	`case_reason` text,
	`case_opened_at` integer,
	`case_closed_at` integer,
	`attempts` integer NOT NULL,
	`next_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `host_message_stan` ON `host_message` (`terminal_id`,`batch_number`,`host_stan`);--> statement-breakpoint
CREATE INDEX `host_message_due` ON `host_message` (`next_at`) WHERE next_at is not null;--> statement-breakpoint
CREATE INDEX `host_message_undecided` ON `host_message` (`terminal_id`) WHERE state in ('pending', 'undoing');--> statement-breakpoint
CREATE INDEX `host_message_case` ON `host_message` (`case_opened_at`) WHERE case_opened_at is not null;--> statement-breakpoint
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_void` (
	`id` text PRIMARY KEY NOT NULL,
	`message_key` text NOT NULL,
	`sale_id` text NOT NULL,
	`merchant_id` text NOT NULL,
	`terminal_id` text NOT NULL,
	`batch_number` text NOT NULL,
	`stan` text,
	`amount` integer NOT NULL,
	`currency_code` text NOT NULL,
	`rrn` text NOT NULL,
	`original_rrn` text NOT NULL,
	`authorization_code` text,
	`reason` text,
	`fee_returned` integer,
	`voided_at` integer NOT NULL,
	`state` text NOT NULL,
	`reversed_at` integer,
	CONSTRAINT "void_amount" CHECK("__new_void"."amount" > 0 and "__new_void"."amount" <= 999999999999)
);
--> statement-breakpoint
INSERT INTO `__new_void`("id", "message_key", "sale_id", "merchant_id", "terminal_id", "batch_number", "stan", "amount", "currency_code", "rrn", "original_rrn", "authorization_code", "reason", "fee_returned", "voided_at", "state", "reversed_at") SELECT "id", "message_key", "sale_id", "merchant_id", "terminal_id", "batch_number", "stan", "amount", "currency_code", "rrn", "original_rrn", "authorization_code", "reason", "fee_returned", "voided_at", iif("reversed_at" is null, 'approved', 'reversed'), "reversed_at" FROM `void`;--> statement-breakpoint
DROP TABLE `void`;--> statement-breakpoint
ALTER TABLE `__new_void` RENAME TO `void`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE UNIQUE INDEX `void_message_key` ON `void` (`message_key`);--> statement-breakpoint
CREATE UNIQUE INDEX `void_rrn` ON `void` (`rrn`);--> statement-breakpoint
CREATE UNIQUE INDEX `void_live` ON `void` (`sale_id`) WHERE state not in ('declined', 'reversed');