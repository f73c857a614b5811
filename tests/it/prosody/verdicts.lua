-- What Jitsi's own code says to tokens. Each line of the input is a token and a room, and each line of the output whether its
-- holder gets in. With the secret, issuer and domain that verdicts.rs takes, and the audiences that it names.
-- Debian has basexx, which is plain Lua, in the folders of older versions only.
package.path = "/usr/lib/prosody/?.lua;" .. package.path .. ";/usr/share/lua/5.2/?.lua"
package.cpath = "/usr/lib/prosody/?.so;" .. package.cpath
-- Both want a running Prosody, and are for fetching keys only.
package.preload["util.timer"] = function() return {} end
package.preload["util.async"] = function() return {} end

local plugins = assert(os.getenv("JITSI_PLUGINS")) .. "/"
local options = {
    app_id = "frontdesk", app_secret = ("s"):rep(32), asap_accepted_audiences = { ... },
    muc_mapper_domain_base = "meet.test",
}
local function option(_, name, default)
    if options[name] == nil then return default end
    return options[name]
end
prosody = { events = { fire_event = function() end } }
log = function() end
module = {
    log = log, get_option_string = option, get_option_number = option, get_option_boolean = option,
    get_option_array = option,
}
function module:require(name)
    if name == "luajwtjitsi" then return dofile(plugins .. "luajwtjitsi.lib.lua") end
    return {
        ends_with = function(text, tail) return tail == "" or text:sub(-#tail) == tail end,
        starts_with = function(text, head) return text:sub(1, #head) == head end,
        get_room_from_jid = function() return { _data = {} } end,
        extract_subdomain = function(node) return node:match("^%[([^%]]+)%](.+)$") end,
    }
end

local tokens = dofile(plugins .. "token/util.lib.lua").new(module)
-- One function of a file that wants more of Prosody than there is here.
local text = assert(io.open(plugins .. "util.lib.lua")):read("a")
local first = text:find("function update_presence_identity", 1, true)
load(text:sub(first, text:find("\nend", first, true) + 3))()
local presence = require "util.stanza".presence

for line in io.lines() do
    local token, room = line:match("^(%S+) (%S+)$")
    local session = { auth_token = token }
    local done, good = pcall(tokens.process_and_verify_token, tokens, session)
    if done and good == true then
        done, good = pcall(tokens.verify_room, tokens, session, room .. "@conference.meet.test")
    end
    if done and good == true and session.jitsi_meet_context_user then
        done = pcall(update_presence_identity, presence(), session.jitsi_meet_context_user,
            session.jitsi_meet_context_group)
    end
    print(done and good == true)
end
