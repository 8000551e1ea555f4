CREATE TABLE `api_key` (
	`hash` text PRIMARY KEY NOT NULL,
	`merchant_id` text,
	`name` text NOT NULL,
	`created_at` integer NOT NULL,
	`revoked_at` integer
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
	PRIMARY KEY(`terminal_id`, `batch_number`),
	CONSTRAINT "batch_amounts" CHECK("batch"."debit_amount" >= 0 and "batch"."credit_amount" between 0 and "batch"."debit_amount"),
	CONSTRAINT "batch_counts" CHECK("batch"."credit_count" between 0 and "batch"."debit_count")
);
--> statement-breakpoint
CREATE UNIQUE INDEX `batch_open` ON `batch` (`terminal_id`) WHERE state = 'open';--> statement-breakpoint
CREATE TABLE `journal` (
	`terminal_id` text NOT NULL,
	`seq` integer NOT NULL,
	`previous_hash` text NOT NULL,
	`hash` text NOT NULL,
	`message_key` text NOT NULL,
	`rrn` text,
	`body` text NOT NULL,
	PRIMARY KEY(`terminal_id`, `seq`),
	CONSTRAINT "journal_seq" CHECK("journal"."seq" > 0)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `journal_message_key` ON `journal` (`message_key`);--> statement-breakpoint
CREATE UNIQUE INDEX `journal_rrn` ON `journal` (`rrn`);--> statement-breakpoint
CREATE TABLE `key_set` (
	`terminal_id` text NOT NULL,
	`version` integer NOT NULL,
	`layout` text NOT NULL,
	`mak` text NOT NULL,
	`tpk` text NOT NULL,
	`tdk` text,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`terminal_id`, `version`)
);
--> statement-breakpoint
CREATE TABLE `master_key` (
	`terminal_id` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`wrapped` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `merchant` (
	`merchant_id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`status` text NOT NULL,
	`time_zone` text NOT NULL,
	`cut_off` text NOT NULL,
	`window_kind` text NOT NULL,
	`window_minutes` integer,
	`currency_code` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `reversal` (
	`target_key` text PRIMARY KEY NOT NULL,
	`terminal_id` text NOT NULL,
	`seq` integer NOT NULL,
	`kind` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `sale` (
	`id` text PRIMARY KEY NOT NULL,
	`message_key` text NOT NULL,
	`merchant_id` text NOT NULL,
	`terminal_id` text NOT NULL,
	`batch_number` text NOT NULL,
	`stan` text NOT NULL,
	`amount` integer NOT NULL,
	`currency_code` text NOT NULL,
	`fee` integer,
	`card_first6` text,
	`card_last4` text,
	`card_fingerprint` text,
	`rrn` text NOT NULL,
	`authorization_code` text,
	`status` text NOT NULL,
	`sold_at` integer NOT NULL,
	CONSTRAINT "sale_amount" CHECK("sale"."amount" > 0 and "sale"."amount" <= 999999999999),
	CONSTRAINT "sale_fee" CHECK("sale"."fee" is null or "sale"."fee" between 0 and "sale"."amount")
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sale_message_key` ON `sale` (`message_key`);--> statement-breakpoint
CREATE INDEX `sale_rrn` ON `sale` (`rrn`);--> statement-breakpoint
CREATE TABLE `terminal` (
	`terminal_id` text PRIMARY KEY NOT NULL,
	`merchant_id` text NOT NULL,
	`status` text NOT NULL,
	`mac_profile` text NOT NULL,
	`text_encoding` text NOT NULL,
	`settlement_mac` text NOT NULL,
	`batch_number` text NOT NULL,
	`key_version` integer,
	`head_seq` integer NOT NULL,
	`head_hash` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `void` (
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
	`authorization_code` text NOT NULL,
	`reason` text,
	`fee_returned` integer,
	`voided_at` integer NOT NULL,
	`reversed_at` integer,
	CONSTRAINT "void_amount" CHECK("void"."amount" > 0 and "void"."amount" <= 999999999999)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `void_message_key` ON `void` (`message_key`);--> statement-breakpoint
CREATE UNIQUE INDEX `void_rrn` ON `void` (`rrn`);--> statement-breakpoint
CREATE UNIQUE INDEX `void_live` ON `void` (`sale_id`) WHERE reversed_at is null;