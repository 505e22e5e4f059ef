-- grain: one role that the rollout board reads with, now with what has failed, what is late and who is not to be told
grant select on ledger.fault, ledger.silence, ledger.late_notice, ledger.message to local_digital_board;
