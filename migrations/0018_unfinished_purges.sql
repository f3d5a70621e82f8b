-- What the nightly run has to remove and has not finished: the runs of each minute carry on with it.
CREATE TABLE unfinished_purges (
  name  TEXT NOT NULL PRIMARY KEY,
  since TEXT NOT NULL
) STRICT, WITHOUT ROWID;
