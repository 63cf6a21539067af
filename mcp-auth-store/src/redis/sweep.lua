-- Removes rows that have ended, and returns how many. What it was stopped in is done by the next one: the set of ends is left last.
--
-- KEYS: the set of ends.
-- ARGV: what every key of the store begins with; the time; how many at most.

local base = ARGV[1]
local members = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", ARGV[2], "LIMIT", 0, ARGV[3])
for _, member in ipairs(members) do
    local cut = string.find(member, "%z")
    local key = base .. "row:" .. string.sub(member, cut + 1) .. ":" .. string.sub(member, 1, cut - 1)
    local groups = redis.call("HGET", key, "groups")
    if groups then
        for _, group in ipairs(cjson.decode(groups)) do
            redis.call("ZREM", base .. "group:" .. group, member)
        end
    end
    redis.call("DEL", key)
    redis.call("ZREM", base .. "rows", member)
    redis.call("ZREM", KEYS[1], member)
end
return #members
