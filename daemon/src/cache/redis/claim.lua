-- Looks once more and, in one step, takes the duty to load what is not there.
-- KEYS: the value; where it has one, its generation.
-- ARGV: epoch (8 bytes), head of a lease, token, its milliseconds, head of a generation, token for a
--       fresh one, its milliseconds.
-- Answers what stands under the value's key afterwards: a value, a marker, or a lease (ours or not);
-- and how much was found that none of us wrote, and was replaced.
local foreign = 0
local function get(key)
  local found = redis.pcall('GET', key)
  if type(found) == 'table' then
    foreign = foreign + 1
    redis.call('DEL', key)
    return false
  end
  return found
end

local stamp = ARGV[1] .. string.rep('\0', 16)
if KEYS[2] then
  local generation = get(KEYS[2])
  if generation and (#generation ~= 28 or string.sub(generation, 1, 4) ~= ARGV[5]) then
    foreign = foreign + 1
    generation = false
  end
  if not generation or string.sub(generation, 5, 12) ~= ARGV[1] then
    generation = ARGV[5] .. ARGV[1] .. ARGV[6]
    redis.call('SET', KEYS[2], generation, 'PX', ARGV[7])
  end
  stamp = string.sub(generation, 5, 28)
end
local found = get(KEYS[1])
if found and string.sub(found, 2, 4) == string.sub(ARGV[2], 2, 4) and string.sub(found, 5, 28) == stamp then
  return {found, foreign}
end
local lease = ARGV[2] .. stamp .. ARGV[3]
redis.call('SET', KEYS[1], lease, 'PX', ARGV[4])
return {lease, foreign}
