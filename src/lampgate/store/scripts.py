"""The steps that the store has to do in one go, in its Lua.

They are sent as text each time (the server compiles a text once), so that there is no script to load again after a
failover. A session's record is a hash with these fields:

``r``  the sealed record
``s``  the sealed summary, for listing a person's sessions
``g``  the record's generation, for comparison only: what counts stands sealed in the record
``n``  how many times the lock was given out: the last fencing number
``f``  the fencing number the record was written under

A fencing number tells two holders of the lock apart of whom the first was too slow and lost it (Kleppmann, "How to do
distributed locking"): of two results of the same generation the later holder's one stays.
"""

from __future__ import annotations

from typing import Final

#: KEYS: record, lock. ARGV: owner, lock's life in ms, generation that is to be renewed.
#: Answers: ``gone`` · ``newer``, record · ``busy`` · ``yours``, record, fencing number.
CLAIM: Final = """
local kept = redis.call('HMGET', KEYS[1], 'r', 'g')
if not kept[1] then return {'gone'} end
if (tonumber(kept[2] or '0') or 0) > tonumber(ARGV[3]) then return {'newer', kept[1]} end
if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then
  if redis.call('GET', KEYS[2]) ~= ARGV[1] then return {'busy'} end
end
return {'yours', kept[1], redis.call('HINCRBY', KEYS[1], 'n', 1)}
"""

#: KEYS: record. ARGV: fencing number, generation, record, summary, a record that was opened and found to be older.
#: Answers: ``gone`` (ended meanwhile, and stays so) · ``newer``, record · ``kept``.
REPLACE: Final = """
local kept = redis.call('HMGET', KEYS[1], 'r', 'g', 'f')
if not kept[1] then return {'gone'} end
local generation, mine = tonumber(kept[2] or '0') or 0, tonumber(ARGV[2])
local newer = mine < generation or (mine == generation and tonumber(ARGV[1]) <= (tonumber(kept[3] or '0') or 0))
if newer and kept[1] ~= ARGV[5] then return {'newer', kept[1]} end
redis.call('HSET', KEYS[1], 'r', ARGV[3], 's', ARGV[4], 'g', ARGV[2], 'f', ARGV[1])
return {'kept'}
"""

#: KEYS: record. ARGV: generation, record, summary, end of the session in s.
CREATE: Final = """
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'r', ARGV[2], 's', ARGV[3], 'g', ARGV[1], 'f', '0')
redis.call('EXPIREAT', KEYS[1], ARGV[4])
return {'kept'}
"""

#: KEYS: lock. ARGV: owner. Takes back one's own lock, never somebody else's.
RELEASE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""

#: KEYS: person. ARGV: now, end of the session in s, name of the record. Drops the sessions that have ended.
LIST: Final = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('EXPIREAT', KEYS[1], last[2])
return {'kept'}
"""
