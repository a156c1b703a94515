-- Removes what ends like this: a lease by its token, or all of what was read and is of no use to
-- anybody. What has taken its place since stays.
-- KEYS: the value. ARGV: how it ends. Answers 1 when it was removed, else 0.
local found = redis.pcall('GET', KEYS[1])
if type(found) == 'string' and string.sub(found, -#ARGV[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
