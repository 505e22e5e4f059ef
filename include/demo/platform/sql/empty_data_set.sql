-- grain: all records of one data set
delete from platform_records
where data_set = :data_set
