"""The rollout board: how every council's feeds do, for those who run the pipeline. It only reads.

The pages are served within Airflow's UI by plugins/local_digital_board.py, which knows who may see which councils; what
they say is decided here. No page holds a value of a row: of what was turned down there are line, rule and column.
"""
