-- The first members of a set, and their rows.
--
-- KEYS: the set.
-- ARGV: what every key of the store begins with; "ranked" or "named"; where to begin; how many at most.

local members
if ARGV[2] == "ranked" then
    members = redis.call("ZRANGEBYSCORE", KEYS[1], ARGV[3], "+inf", "LIMIT", 0, ARGV[4])
else
    members = redis.call("ZRANGEBYLEX", KEYS[1], ARGV[3], "+", "LIMIT", 0, ARGV[4])
end
local listed = {}
for i, member in ipairs(members) do
    local cut = string.find(member, "%z")
    local key = ARGV[1] .. "row:" .. string.sub(member, cut + 1) .. ":" .. string.sub(member, 1, cut - 1)
    listed[i] = { member, redis.call("HMGET", key, "body", "sealed", "groups", "rank", "forget_at", "stamp") }
end
return listed
