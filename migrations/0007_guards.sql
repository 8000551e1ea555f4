-- A guard: the version of settings that decisions depend on beside the head of a journal (docs/semantics.md, Guards).
CREATE TABLE `guard` (`key` text PRIMARY KEY NOT NULL, `version` integer NOT NULL) WITHOUT ROWID;--> statement-breakpoint
-- The acquirer keeps a sale and a void under one trace number apart. A message without a number there has 000000.
DROP INDEX `acquirer_message_stan`;--> statement-breakpoint
CREATE UNIQUE INDEX `acquirer_message_stan` ON `acquirer_message` (`terminal_id`, `batch_number`, `acquirer_stan`, `kind`) WHERE `acquirer_stan` <> '000000';--> statement-breakpoint
-- Each inserted row sees the rows before it, also those of its own statement. So a set may hold several entries of one terminal.
CREATE VIEW `incoming` AS SELECT `terminal_id`, `seq`, `previous_hash`, `hash`, `message_key`, `rrn`, `body`, '' AS `tombstoned_key`, '' AS `claim_sale_key`, '' AS `needs`, '' AS `moves` FROM `journal` WHERE 0;--> statement-breakpoint
CREATE TRIGGER `arrive` INSTEAD OF INSERT ON `incoming` BEGIN
  SELECT raise(ignore) WHERE
    -- The head is the one of the decision.
    NOT (new.seq = 1 AND new.previous_hash = '0000000000000000000000000000000000000000000000000000000000000000' OR EXISTS (SELECT 1 FROM journal WHERE terminal_id = new.terminal_id AND seq = new.seq - 1 AND hash = new.previous_hash))
    OR EXISTS (SELECT 1 FROM journal WHERE terminal_id = new.terminal_id AND seq = new.seq)
    -- Key and RRN are new.
    OR EXISTS (SELECT 1 FROM journal WHERE message_key = new.message_key)
    OR EXISTS (SELECT 1 FROM journal WHERE rrn = new.rrn)
    -- No reversal names the message.
    OR EXISTS (SELECT 1 FROM reversal WHERE target_key = new.message_key)
    -- The target of a tombstone has not arrived.
    OR EXISTS (SELECT 1 FROM journal WHERE message_key = new.tombstoned_key)
    -- The trace number that a claim drew is not that of a captured sale. The reverse is decided on the loaded state.
    OR EXISTS (SELECT 1 FROM journal WHERE message_key = new.claim_sale_key)
    -- Every guard has the version of the decision.
    OR EXISTS (SELECT 1 FROM json_each(new.needs) AS need LEFT JOIN guard ON guard.key = need.value ->> 0
      WHERE coalesce(guard.version, 0) <> need.value ->> 1);
  INSERT INTO journal (terminal_id, seq, previous_hash, hash, message_key, rrn, body)
    VALUES (new.terminal_id, new.seq, new.previous_hash, new.hash, new.message_key, new.rrn, new.body);
  INSERT INTO reversal (target_key, terminal_id, seq, kind) SELECT new.tombstoned_key, new.terminal_id, new.seq, 'tombstone' WHERE new.tombstoned_key IS NOT NULL;
  INSERT INTO guard (key, version) SELECT move.value, 1 FROM json_each(new.moves) AS move WHERE true
    ON CONFLICT (key) DO UPDATE SET version = version + 1;
END;
