-- The last echo at the acquirer (docs/protocol.md, Echo). One row at most, in database 0. Not a projection.
CREATE TABLE `acquirer_line` (
  `id` integer PRIMARY KEY NOT NULL,
  `asked_at` integer NOT NULL,
  `failures` integer NOT NULL,
  `why` text,
  CONSTRAINT `acquirer_line_one` CHECK (`id` = 1)
);
