-- The Prosody of the tests: what Jitsi's packages set up, without what has nothing to do with who may open a room. What
-- differs between tests comes in variables, which Prosody offers as ENV_….

local domain = "meet.test"
local focus = "focus@auth."..domain
local folder = ENV_TEST_FOLDER

plugin_paths = { folder.."/jitsi-plugins", folder.."/own-plugins" }
data_path = folder.."/data"
pidfile = folder.."/prosody.pid"
log = { info = "*console" }

interfaces = { "127.0.0.1" }
http_interfaces = { "127.0.0.1" }
http_ports = { tonumber(ENV_TEST_PORT) }
http_default_host = domain
https_ports = {}
c2s_ports = {}
component_ports = {}

modules_enabled = { "roster"; "saslauth"; "disco"; "ping"; "websocket" }
modules_disabled = { "s2s"; "offline"; "admin_shell"; "admin_socket" }
-- As behind a web server that speaks TLS.
consider_websocket_secure = true
storage = "internal"

muc_mapper_domain_base = domain
-- What `frontdesk prosody-config` writes.
Include(folder.."/frontdesk.cfg.lua")
Include(folder.."/verifier.cfg.lua")
-- Tests are in a hurry.
reservations_api_retry_count = 3
reservations_api_retry_delay = 1
reservations_api_timeout = 5
if ENV_TEST_GUESTS == "without_main_muc" then
    main_muc = nil
end
if ENV_TEST_AMISS == "no_address" then
    reservations_api_prefix = nil
elseif ENV_TEST_AMISS == "no_focus" then
    muc_mapper_domain_base = nil
elseif ENV_TEST_AMISS == "admin_everywhere" then
    admins = { focus }
end

local checked = ({
    absent = { "reservations" };
    beside = { "reservations"; "reservations_guard" };
    alone = { "reservations_guard" };
})[ENV_TEST_GUARD]

local verified = ENV_TEST_LOGINS == "verified"
local app = verified and {} or { id = "the tests"; secret = "the secret that only the tests know of" }
local by_token = ENV_TEST_LOGINS ~= "open"
local tokens = ({
    open = {};
    by_token = { "token_verification" };
    guests_wait = { "token_verification"; "muc_wait_for_host" };
    anonymous_guests_wait = { "token_verification"; "muc_wait_for_host" };
    empty_tokens = { "token_verification"; "muc_wait_for_host" };
    verified = { "token_verification" };
})[ENV_TEST_LOGINS]

-- Some of these are not in every release of Jitsi.
for _, name in ipairs(verified and { "token_affiliation"; "token_lobby_bypass" } or {}) do
    local file = io.open(folder.."/jitsi-plugins/mod_"..name..".lua")
    if file then
        file:close()
        tokens[#tokens + 1] = name
    end
end

local function with(modules, more)
    local all = {}
    for _, list in ipairs({ modules, more }) do
        for _, name in ipairs(list) do
            all[#all + 1] = name
        end
    end
    return all
end

VirtualHost(domain)
    main_muc = "conference."..domain
    authentication = by_token and "token" or "jitsi-anonymous"
    allow_empty_token = ENV_TEST_LOGINS == "empty_tokens"
    app_id = app.id
    app_secret = app.secret
    modules_enabled = with(
        with({ "muc_lobby_rooms"; "persistent_lobby"; "muc_breakout_rooms" }, checked),
        verified and { "presence_identity"; "filter_iq_jibri" } or {})

VirtualHost("guest."..domain)
    authentication = ENV_TEST_LOGINS == "guests_wait" and "token" or "jitsi-anonymous"
    allow_empty_token = true
    app_id = app.id
    app_secret = app.secret
    modules_enabled = ENV_TEST_GUESTS ~= "unchecked" and checked or {}

VirtualHost("auth."..domain)
    authentication = "internal_hashed"

Component("focus."..domain) "client_proxy"
    target_address = focus

Component("conference."..domain) "muc"
    modules_enabled = with(
        { "muc_hide_all"; "muc_meeting_id"; "muc_domain_mapper"; "muc_password_whitelist"; "muc_max_occupants" }, tokens)
    token_verification_allowlist = { "guest."..domain }
    storage = "memory"
    restrict_room_creation = ENV_TEST_AMISS ~= "anybody_makes_rooms"
    muc_room_locking = false
    muc_room_default_public_jids = true
    admins = { focus }
    muc_password_whitelist = { focus }

Component("lobby."..domain) "muc"
    storage = "memory"
    restrict_room_creation = true
    muc_room_locking = false
    muc_room_default_public_jids = true

Component("breakout."..domain) "muc"
    storage = "memory"
    restrict_room_creation = true
    muc_room_locking = false
    muc_room_default_public_jids = true
    admins = { focus }

-- Where Jicofo meets bridges and recorders.
Component("internal.auth."..domain) "muc"
    storage = "memory"
    muc_room_locking = false
    muc_room_default_public_jids = true
    admins = { focus }
