-- MAC keys from sign-ons at the acquirer, wrapped (crypto/keyring.ts). Only database 0 has rows. Not a projection.
CREATE TABLE `acquirer_key` (
  `version` integer PRIMARY KEY NOT NULL,
  `wrapped` text NOT NULL,
  `created_at` integer NOT NULL
);
--> statement-breakpoint
-- The last sign-on that an isolate began: its number, which is the version of its key, and its time. One row at most.
CREATE TABLE `acquirer_sign_on` (
  `id` integer PRIMARY KEY NOT NULL,
  `version` integer NOT NULL,
  `asked_at` integer NOT NULL,
  CONSTRAINT `acquirer_sign_on_one` CHECK (`id` = 1)
);
