-- The cron opens cases in the order of the deadlines. A merchant may have its voids kept for hours, so many messages may wait.
CREATE INDEX `acquirer_message_late` ON `acquirer_message` (`decide_by`, `message_key`) WHERE next_at IS NOT NULL AND case_reason IS NULL;
