-- Refusals of a sender in a UTC day (docs/semantics.md, Quota of refusals): entries of the journal, and refusals beyond the quota.
CREATE TABLE `refusal_count` (
	`key` text NOT NULL,
	`day` integer NOT NULL,
	`written` integer NOT NULL,
	`refused` integer NOT NULL,
	PRIMARY KEY(`key`, `day`)
) WITHOUT ROWID;--> statement-breakpoint
CREATE INDEX `refusal_count_day` ON `refusal_count` (`day`);
