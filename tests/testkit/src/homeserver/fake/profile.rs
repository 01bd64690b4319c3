//! The switches in which homeservers differ, as an appservice and its users see them.
use std::time::Duration;

/// How the fake homeserver behaves. Take one of the two constructors and change single switches where a test is about
/// one of them. Every switch plays a difference measured on the real servers.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is one difference between servers, read by name")]
pub struct Profile {
    /// Name for messages: `synapse` or `continuwuity`.
    pub name: &'static str,
    /// What `/versions` lists. The conduwuit family's list has holes.
    pub versions: &'static [&'static str],
    /// Flags in `unstable_features` of `/versions`.
    pub unstable_features: &'static [&'static str],
    /// Name in `/_matrix/federation/v1/version`, and the user agent of pushes.
    pub software: &'static str,

    // ── transactions to the appservice ──
    /// The token comes as `?access_token=` as well as in the header; else only in the header.
    pub token_in_query: bool,
    /// Transaction ids count 1, 2, 3 and begin again at 1 after a restart; else they are a hash of the body.
    pub counted_txn_ids: bool,
    /// Most events in one transaction.
    pub max_events_per_txn: usize,
    /// When a failed transaction is tried again.
    pub retry: Retry,
    /// An appservice ping makes a waiting retry happen now.
    pub ping_flushes: bool,
    /// An appservice that takes longer over a transaction has failed it.
    pub push_timeout: Duration,
    /// Events that arrive while the appservice is down are later sent one by one; else in full batches.
    pub backlog_goes_one_by_one: bool,
    /// Typing, receipts and presence are pushed to appservices that ask for them.
    pub pushes_ephemeral: bool,
    /// To-device messages for the appservice's users are pushed.
    pub pushes_to_device: bool,
    /// Events carry `age`, `user_id`, `prev_content`, `invite_room_state` at top level and `unsigned.age`; invites
    /// have stripped state in `unsigned`.
    pub legacy_event_keys: bool,
    /// Clients find the same legacy keys in single events and pages, `unsigned.membership`, and `redacted_by`.
    pub legacy_client_keys: bool,
    /// `unsigned.transaction_id` of every sender is shown to the appservice.
    pub shows_txn_id_of_all: bool,
    /// An event whose sender is the appservice's is pushed even if no such user has joined yet: `m.room.create` of the
    /// bot's own rooms is seen.
    pub own_sender_interests: bool,
    /// An own event arrives in a transaction before the answer to the call that sent it; else after it.
    pub echo_before_answer: bool,
    /// How long the server dawdles before it pushes.
    pub push_delay: Duration,
    /// `GET /_matrix/app/v1/users/…` is asked for an unknown user in the namespace when an event names it.
    pub asks_for_users: bool,
    /// Aliases in `GET /_matrix/app/v1/rooms/…` have `:` escaped as `%3A`.
    pub escapes_alias_colon: bool,
    /// `/thirdparty/…` is forwarded to appservices that offer the protocol.
    pub forwards_thirdparty: bool,

    // ── client-server API as appservice ──
    /// The account of `sender_localpart` is made by the server; else the sender may act, but `/register` succeeds once.
    pub creates_sender: bool,
    /// With MSC4190 in the registration, `/register` without `inhibit_login: true` and appservice logins are refused.
    /// Such a `/register` makes the user nevertheless.
    pub msc4190_refuses_login: bool,
    /// Anything but lower case letters, digits and `=._-/+` in the localpart of an appservice's new user is 400
    /// `M_INVALID_USERNAME`; else everything goes, even spaces.
    pub lower_case_localparts_only: bool,
    /// `?user_id=` of a user that was never registered works; else 403.
    pub acts_for_unregistered: bool,
    /// `?user_id=` outside the namespace is 400 `M_EXCLUSIVE`; else 403 `M_FORBIDDEN`.
    pub foreign_user_is_exclusive_error: bool,
    /// `?device_id=` of an unknown device is 403 `M_FORBIDDEN`; else 400 `M_UNKNOWN_DEVICE`.
    pub unknown_device_is_forbidden: bool,
    /// `?device_id=` without `?user_id=` is answered 500.
    pub device_without_user_fails: bool,
    /// `org.matrix.msc3202.device_id` is understood besides `device_id`.
    pub old_device_parameter: bool,
    /// An appservice may make and delete devices only with MSC4190 in its registration; else always.
    pub devices_need_msc4190: bool,
    /// `PUT /devices/X` of an appservice answers 201 when it creates; else 200.
    pub new_device_is_created_status: bool,
    /// Ping also at `unstable/fi.mau.msc2659`.
    pub unstable_ping: bool,
    /// Error code of a request without a token.
    pub missing_token_errcode: &'static str,
    /// The appservice's `sender_localpart` user can `/sync`; else 500.
    pub sender_can_sync: bool,
    /// An appservice user must name a device to `/sync`; else 403.
    pub sync_needs_device: bool,
    /// Typing ends a waiting `/sync`.
    pub typing_wakes_sync: bool,
    /// Transaction ids of `PUT /send` are remembered per appservice, not per user and device: two ghosts with one id
    /// in one room lose an event. A named device is remembered as well, and over a restart.
    pub txn_ids_per_appservice: bool,
    /// `PUT /redact` with a known transaction id answers the first redaction again.
    pub redact_is_idempotent: bool,
    /// A state event equal to the current one is not sent again.
    pub drops_equal_state: bool,
    /// A second equal reaction of a user is 400 `M_DUPLICATE_ANNOTATION`.
    pub refuses_equal_reaction: bool,
    /// `power_level_content_override.users` naming the creator of a version 12 room is 400; else the entry is dropped.
    pub refuses_creator_in_power_levels: bool,
    /// The first power levels spell out all keys; else only `events` and `users`.
    pub spells_out_power_levels: bool,
    /// In version 12, invitees of a `trusted_private_chat` become creators; else they get no power.
    pub trusted_chat_raises_invitees: bool,
    /// `room_id` in `/createRoom` is honoured below version 12 and 500 in version 12; else ignored.
    pub honours_room_id: bool,
    /// `/timestamp_to_event` exists.
    pub has_timestamp_to_event: bool,
    /// `/threads` is 400 without `include=all`.
    pub threads_need_include: bool,
    /// Rooms may be put into the public list; else that is 403, and `/createRoom` silently leaves it out.
    pub allows_publishing: bool,
    /// Members may be read by an appservice as any of its users, if one of them is in the room.
    pub members_open_to_appservice: bool,
    /// `PUT /directory/list/appservice/…` exists.
    pub has_appservice_directory: bool,
    /// Invites carry the invitee's display name and stripped state; else nothing but the membership.
    pub decorates_invites: bool,
    /// `/joined_members` names come from global profiles; else from member events.
    pub joined_members_shows_global: bool,
    /// New users' display name is their localpart; else appservice users have none and people get
    /// [`Profile::new_user_suffix`].
    pub display_name_is_localpart: bool,
    /// What is appended to the display name of new people.
    pub new_user_suffix: &'static str,
    /// Profiles have further keys than name and picture.
    pub has_extended_profiles: bool,
    /// Custom profile keys also at `unstable/uk.tcpip.msc4133`.
    pub unstable_profile_path: bool,
    /// An appservice may deactivate its users; else 401 with a password stage.
    pub appservice_can_deactivate: bool,
    /// `/send` into an unknown room is 500 `M_UNKNOWN`; else 403.
    pub unknown_room_is_server_error: bool,
    /// `org.matrix.msc4140.delay` is ignored and the event sent at once; else 403.
    pub ignores_delay: bool,

    // ── media ──
    /// MSC2246: `POST /media/v1/create` and upload afterwards.
    pub has_async_uploads: bool,
    /// `/_matrix/media/v3/download` serves new media, without a token.
    pub has_open_media: bool,
    /// Largest upload in bytes, as told by `/media/config`.
    pub max_upload: usize,
    /// A too large upload has its connection cut; else 413 `M_TOO_LARGE`.
    pub cuts_large_uploads: bool,
}

/// When a failed transaction is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// After a pause that doubles from `first` to `most`. Real Synapse: 2 s to 512 s; the profile scales it down.
    Timer {
        /// The pause after the first failure.
        first: Duration,
        /// The longest pause.
        most: Duration,
    },
    /// Only when another event for the appservice arrives, or at the homeserver's start.
    NextEvent,
}

impl Profile {
    /// Synapse 1.163 with `SQLite`. Retry pauses are a hundredth of the real ones.
    pub fn synapse() -> Self {
        SYNAPSE
    }

    /// Continuwuity 26.7, which stands for the conduwuit family.
    pub fn continuwuity() -> Self {
        CONTINUWUITY
    }

    /// Sets how a failed transaction is tried again.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }
}

/// See [`Profile::synapse`].
const SYNAPSE: Profile = Profile {
    name: "synapse",
    versions: &[
        "r0.0.1", "r0.1.0", "r0.2.0", "r0.3.0", "r0.4.0", "r0.5.0", "r0.6.0", "r0.6.1", "v1.1", "v1.2",
        "v1.3", "v1.4", "v1.5", "v1.6", "v1.7", "v1.8", "v1.9", "v1.10", "v1.11", "v1.12", "v1.13", "v1.14",
        "v1.15",
    ],
    unstable_features: &["org.matrix.msc2432", "fi.mau.msc2659.stable", "org.matrix.msc3882"],
    software: "Synapse",
    token_in_query: false,
    counted_txn_ids: true,
    max_events_per_txn: 100,
    retry: Retry::Timer { first: Duration::from_millis(20), most: Duration::from_millis(5120) },
    ping_flushes: true,
    push_timeout: Duration::from_mins(1),
    backlog_goes_one_by_one: true,
    pushes_ephemeral: true,
    pushes_to_device: true,
    legacy_event_keys: true,
    legacy_client_keys: true,
    shows_txn_id_of_all: false,
    own_sender_interests: true,
    echo_before_answer: false,
    push_delay: Duration::from_millis(3),
    asks_for_users: true,
    escapes_alias_colon: true,
    forwards_thirdparty: true,
    creates_sender: false,
    msc4190_refuses_login: true,
    lower_case_localparts_only: false,
    acts_for_unregistered: false,
    foreign_user_is_exclusive_error: false,
    unknown_device_is_forbidden: false,
    device_without_user_fails: true,
    old_device_parameter: false,
    devices_need_msc4190: false,
    new_device_is_created_status: true,
    unstable_ping: false,
    missing_token_errcode: "M_MISSING_TOKEN",
    sender_can_sync: false,
    sync_needs_device: false,
    typing_wakes_sync: true,
    txn_ids_per_appservice: true,
    redact_is_idempotent: true,
    drops_equal_state: true,
    refuses_equal_reaction: true,
    refuses_creator_in_power_levels: true,
    spells_out_power_levels: true,
    trusted_chat_raises_invitees: true,
    honours_room_id: false,
    has_timestamp_to_event: true,
    threads_need_include: false,
    allows_publishing: false,
    members_open_to_appservice: true,
    has_appservice_directory: true,
    decorates_invites: true,
    joined_members_shows_global: false,
    display_name_is_localpart: true,
    new_user_suffix: "",
    has_extended_profiles: true,
    unstable_profile_path: false,
    appservice_can_deactivate: true,
    unknown_room_is_server_error: false,
    ignores_delay: false,
    has_async_uploads: true,
    has_open_media: false,
    max_upload: 50 * 1024 * 1024,
    cuts_large_uploads: true,
};

/// See [`Profile::continuwuity`].
const CONTINUWUITY: Profile = Profile {
    name: "continuwuity",
    versions: &[
        "r0.0.1", "r0.1.0", "r0.2.0", "r0.3.0", "r0.4.0", "r0.5.0", "r0.6.0", "r0.6.1", "v1.1", "v1.2",
        "v1.3", "v1.4", "v1.5", "v1.8", "v1.11", "v1.12", "v1.13", "v1.14", "v1.15", "v1.16", "v1.17",
        "v1.18",
    ],
    unstable_features: &["org.matrix.msc2836", "uk.tcpip.msc4133"],
    software: "continuwuity",
    token_in_query: true,
    counted_txn_ids: false,
    max_events_per_txn: 48,
    retry: Retry::NextEvent,
    ping_flushes: false,
    push_timeout: Duration::from_secs(35),
    backlog_goes_one_by_one: false,
    pushes_ephemeral: false,
    pushes_to_device: false,
    legacy_event_keys: false,
    legacy_client_keys: false,
    shows_txn_id_of_all: true,
    own_sender_interests: false,
    echo_before_answer: true,
    push_delay: Duration::ZERO,
    asks_for_users: false,
    escapes_alias_colon: false,
    forwards_thirdparty: false,
    creates_sender: true,
    msc4190_refuses_login: false,
    lower_case_localparts_only: true,
    acts_for_unregistered: true,
    foreign_user_is_exclusive_error: true,
    unknown_device_is_forbidden: true,
    device_without_user_fails: false,
    old_device_parameter: true,
    devices_need_msc4190: true,
    new_device_is_created_status: false,
    unstable_ping: true,
    missing_token_errcode: "M_UNAUTHORIZED",
    sender_can_sync: true,
    sync_needs_device: true,
    typing_wakes_sync: false,
    txn_ids_per_appservice: false,
    redact_is_idempotent: false,
    drops_equal_state: false,
    refuses_equal_reaction: false,
    refuses_creator_in_power_levels: false,
    spells_out_power_levels: false,
    trusted_chat_raises_invitees: false,
    honours_room_id: true,
    has_timestamp_to_event: false,
    threads_need_include: true,
    allows_publishing: true,
    members_open_to_appservice: false,
    has_appservice_directory: false,
    decorates_invites: false,
    joined_members_shows_global: true,
    display_name_is_localpart: false,
    new_user_suffix: " 🏳️‍⚧️",
    has_extended_profiles: true,
    unstable_profile_path: true,
    appservice_can_deactivate: false,
    unknown_room_is_server_error: true,
    ignores_delay: true,
    has_async_uploads: false,
    has_open_media: true,
    max_upload: 20 * 1024 * 1024,
    cuts_large_uploads: false,
};
