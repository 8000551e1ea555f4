-- The end of a sale's window, decided when the sale is made: milliseconds after the sale, or -1 if only its batch ends it. Null: the
-- sale is older than this column, so the settings of its merchant decide.
ALTER TABLE `sale` ADD COLUMN `window_ms` integer;
--> statement-breakpoint
-- 1: a captured sale came without an RRN, and Annul made one.
ALTER TABLE `sale` ADD COLUMN `is_rrn_made` integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
-- Captured sales of before, by their entries: the row has a new RRN, and the body names the JSON API as its door (bit 32 of its mask).
UPDATE `sale` SET `is_rrn_made` = 1 WHERE EXISTS (SELECT 1 FROM journal WHERE journal.message_key = sale.message_key
  AND journal.rrn_raw = sale.rrn_raw AND (json_extract(journal.body, '$[2]') & 32) <> 0);
