CREATE TABLE `data_key` (
	`purpose` text NOT NULL,
	`id` integer NOT NULL,
	`master_id` text NOT NULL,
	`wrapped` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`purpose`, `id`)
);
