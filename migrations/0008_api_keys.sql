-- Bearer keys are entries of the journal. The table is their projection, and nothing is deployed, so it begins anew.
DROP TABLE `api_key`;--> statement-breakpoint
CREATE TABLE `api_key` (
	`id` text PRIMARY KEY NOT NULL,
	`hash` text NOT NULL,
	`merchant_id` text,
	`name` text NOT NULL,
	`scopes` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`revoked_at` integer
);--> statement-breakpoint
CREATE UNIQUE INDEX `api_key_hash` ON `api_key` (`hash`);--> statement-breakpoint
CREATE INDEX `api_key_list` ON `api_key` (`merchant_id`,`created_at`,`id`);--> statement-breakpoint
-- The head of the stream `region`, in which the keys of administrators are. It has one row at most.
CREATE TABLE `region` (
	`id` integer PRIMARY KEY NOT NULL,
	`head_seq` integer NOT NULL,
	`head_hash` text NOT NULL,
	CONSTRAINT "region_one" CHECK("region"."id" = 1)
);
