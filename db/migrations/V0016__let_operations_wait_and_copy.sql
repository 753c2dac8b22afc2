-- Chains: an operation may wait for another one's end. Copies: how far, how fast.
ALTER TABLE operation
    DROP CONSTRAINT operation_state_check,
    ADD CONSTRAINT operation_state_check CHECK (state IN ('WAITING', 'QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED')),
    ADD COLUMN waits_for         uuid REFERENCES operation,
    ADD COLUMN even_if_failed    boolean NOT NULL DEFAULT false,
    -- The first operation of the chain; its own id when it stands alone.
    ADD COLUMN chain_id          uuid,
    ADD COLUMN bytes_done        bigint CHECK (bytes_done >= 0),
    ADD COLUMN bytes_total       bigint CHECK (bytes_total >= 0),
    ADD COLUMN bytes_per_second  bigint CHECK (bytes_per_second >= 0),
    ADD CONSTRAINT operation_waiting_check CHECK (state <> 'WAITING' OR waits_for IS NOT NULL);

UPDATE operation SET chain_id = id;

CREATE INDEX operation_waiting_idx ON operation (waits_for) WHERE state = 'WAITING';
CREATE INDEX operation_chain_idx ON operation (tenant_id, chain_id);
