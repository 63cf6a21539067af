-- Tries whether the user may do all that the other scripts do, so that none of them is stopped in the middle; and gives the store the
-- version of this release, unless a newer one was here. Returns the oldest version that may use the store.
--
-- KEYS: the versions; a hash and a set for the trial.
-- ARGV: the version of this release; the oldest version that may use what it writes.

local hash, set = KEYS[2], KEYS[3]
local trials = {
    { "HSET", hash, "field", "value" }, { "HGET", hash, "field" }, { "HMGET", hash, "field" }, { "HDEL", hash, "field" },
    { "ZADD", set, "0", "member" }, { "ZCARD", set }, { "ZCOUNT", set, "0", "+inf" }, { "ZRANGEBYSCORE", set, "-inf", "+inf", "LIMIT", "0", "1" },
    { "ZRANGEBYLEX", set, "-", "+", "LIMIT", "0", "1" }, { "ZREM", set, "member" }, { "DEL", hash, set },
}
for _, trial in ipairs(trials) do
    local answer = redis.pcall(unpack(trial))
    local why = type(answer) == "table" and answer.err
    -- "NOPERM ...", "The user executing the script can't ...", "ACL failure in script: ..."
    if why and (string.find(why, "NOPERM") or string.find(why, "The user executing") or string.find(why, "ACL failure")) then
        return redis.error_reply("NOPERM the user of the store may not do " .. trial[1] .. ": " .. why)
    end
end

local found = redis.call("HMGET", KEYS[1], "version", "min_version")
local version, min_version = tonumber(found[1] or "0"), tonumber(found[2] or "0")
if min_version <= tonumber(ARGV[1]) and version < tonumber(ARGV[1]) then
    redis.call("HSET", KEYS[1], "version", ARGV[1], "min_version", ARGV[2])
end
return min_version
