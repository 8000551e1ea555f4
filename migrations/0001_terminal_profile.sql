-- The forms in which a terminal sends and reads messages. The defaults are what held before, and the short texts of field 63.
ALTER TABLE `terminal` ADD COLUMN `texts` text NOT NULL DEFAULT 'short';
--> statement-breakpoint
ALTER TABLE `terminal` ADD COLUMN `padding` text NOT NULL DEFAULT '0';
--> statement-breakpoint
ALTER TABLE `terminal` ADD COLUMN `entry_mode` text NOT NULL DEFAULT 'left';
--> statement-breakpoint
ALTER TABLE `terminal` ADD COLUMN `card_check` text NOT NULL DEFAULT 'none';
--> statement-breakpoint
ALTER TABLE `terminal` ADD COLUMN `header_length` integer NOT NULL DEFAULT 6;
--> statement-breakpoint
ALTER TABLE `terminal` ADD COLUMN `header_tlv` integer NOT NULL DEFAULT 0;
--> statement-breakpoint
ALTER TABLE `terminal` ADD COLUMN `void_forms` text NOT NULL DEFAULT 'strict';
