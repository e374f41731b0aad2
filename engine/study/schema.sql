-- The store's tables. Its version is SCHEMA_VERSION in migrate.py; times are seconds since 1970.
-- Each but the last gets a column `seal` and the triggers that fill it: see seal.py.
CREATE TABLE study (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,          -- what was asked for: the same command finds it again
    name TEXT NOT NULL,
    settings TEXT NOT NULL,            -- JSON
    plan TEXT NOT NULL,                -- JSON, fixed when the study is created
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL,
    started REAL,
    pid INTEGER,
    heartbeat REAL,
    workers INTEGER NOT NULL DEFAULT 1,
    device TEXT NOT NULL,
    device_reason TEXT NOT NULL,
    version TEXT NOT NULL,
    stop_wanted INTEGER NOT NULL DEFAULT 0,
    binned REAL                        -- when it was deleted; NULL: it was not
);
CREATE TABLE shard (                   -- what a study sets out to decide: one size of one subject
    study INTEGER NOT NULL REFERENCES study(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    expected REAL NOT NULL,            -- seconds on one worker, as planned
    state TEXT NOT NULL DEFAULT 'waiting',
    PRIMARY KEY (study, name)
);
CREATE TABLE work (                    -- one row a group: the unit an executor moves about
    study INTEGER NOT NULL REFERENCES study(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    shard TEXT NOT NULL,               -- the point that the group helps to decide
    spec TEXT NOT NULL,                -- JSON
    expected REAL NOT NULL,            -- seconds on one worker, as planned
    state TEXT NOT NULL DEFAULT 'waiting',
    reason TEXT NOT NULL DEFAULT '',
    seconds REAL,
    PRIMARY KEY (study, name)
);
CREATE TABLE candidate (               -- every training, chosen or not
    study INTEGER NOT NULL REFERENCES study(id) ON DELETE CASCADE,
    work TEXT NOT NULL,
    shard TEXT NOT NULL,
    model TEXT NOT NULL,
    capacity INTEGER NOT NULL,
    learning_rate REAL NOT NULL,
    seed INTEGER NOT NULL,
    record TEXT NOT NULL,              -- JSON: see engine.training.group.Candidate
    PRIMARY KEY (study, work, capacity, learning_rate, seed)
);
CREATE TABLE curve (
    name TEXT PRIMARY KEY,
    study INTEGER REFERENCES study(id) ON DELETE CASCADE,
    subject INTEGER,                   -- which of the study's, from 0; NULL for imported curves
    metric TEXT NOT NULL DEFAULT '',   -- name of the metric: see engine.domains
    guess REAL,
    data_hash TEXT NOT NULL,
    version TEXT NOT NULL,
    origin TEXT NOT NULL
);
CREATE TABLE point (
    id INTEGER PRIMARY KEY,
    curve TEXT NOT NULL REFERENCES curve(name) ON DELETE CASCADE,
    size REAL NOT NULL, error REAL NOT NULL, unit TEXT NOT NULL, metric TEXT NOT NULL,
    domain TEXT NOT NULL, model TEXT NOT NULL, seed INTEGER, parameters INTEGER, stderr REAL,
    seconds REAL, device TEXT NOT NULL, split TEXT NOT NULL,
    record TEXT NOT NULL DEFAULT '{}', -- JSON: shard hash, chosen candidate, edge of the ladder
    written REAL NOT NULL,
    UNIQUE (curve, size, seed)         -- a resumed study cannot write a point twice
);
CREATE TABLE fit_window (curve TEXT PRIMARY KEY, low REAL, high REAL, saved REAL NOT NULL);
CREATE TABLE revision (counter INTEGER NOT NULL);
-- Starts at a chance multiple of 2^32 and counts up, so that a store put in another's place never
-- shows the other's revision, and the multiple tells whose it is: readers keep what they read by it.
INSERT INTO revision VALUES (abs(random() % 2147483648) << 32);
