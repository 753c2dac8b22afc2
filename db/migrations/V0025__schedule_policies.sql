-- The scheduled moment that was served last: each is served once, and several that were missed are caught up by one run.
ALTER TABLE backup_policy
    ADD COLUMN last_tick         timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN last_verify_tick  timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN last_drill_tick   timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN last_run_at       timestamptz;
