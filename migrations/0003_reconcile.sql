ALTER TABLE `host_message` ADD `moved_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `host_message` ADD `host_amount` integer;