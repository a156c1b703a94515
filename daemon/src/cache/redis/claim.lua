-- Looks once more and, in one step, takes the duty to load what is not there.
-- KEYS: the value; where it has one, its generation.
-- ARGV: epoch (8 bytes), version the reader has, head of a lease, token, its milliseconds,
--       head of a generation, token for a fresh one, its milliseconds.
-- Answers what stands under the value's key afterwards: a value, a marker, or a lease (ours or not).
local stamp = ARGV[1] .. string.rep('\0', 16)
if KEYS[2] then
  local generation = redis.call('GET', KEYS[2])
  if not generation or #generation ~= 28 or string.sub(generation, 1, 12) ~= ARGV[6] .. ARGV[1] then
    generation = ARGV[6] .. ARGV[1] .. ARGV[7]
    redis.call('SET', KEYS[2], generation, 'PX', ARGV[8])
  end
  stamp = string.sub(generation, 5, 28)
end
local found = redis.call('GET', KEYS[1])
if found and string.sub(found, 2, 4) == string.sub(ARGV[3], 2, 4) and string.sub(found, 5, 28) == stamp then
  if string.byte(found) == string.byte(ARGV[3]) then
    return found
  end
  if struct.unpack('>i8', string.sub(found, 29, 36)) >= tonumber(ARGV[2]) then
    return found
  end
end
local lease = ARGV[3] .. stamp .. ARGV[4]
redis.call('SET', KEYS[1], lease, 'PX', ARGV[5])
return lease
