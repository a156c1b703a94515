-- Stores what was loaded if the lease it was loaded under is there still; a write, a flush, an
-- eviction or a restart has removed it.
-- KEYS: the value; where it has one, its generation. ARGV: the lease, the value, its milliseconds.
-- Answers 1 when it was stored, else 0.
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if KEYS[2] then
  local generation = redis.pcall('GET', KEYS[2])
  if type(generation) ~= 'string' or string.sub(generation, 5, 28) ~= string.sub(ARGV[1], 5, 28) then
    redis.call('DEL', KEYS[1])
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
