//! The frames Slack sends on a socket. An unknown type is a value, not an error.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A frame.
#[derive(Debug)]
pub(crate) enum Frame<'a> {
    /// The first one on a connection.
    Hello(Hello),
    /// The connection ends soon.
    Disconnect(Goodbye),
    /// Something to acknowledge.
    Envelope(Envelope<'a>),
    /// Something without an envelope id that we have no use for.
    Other,
}

/// What the first frame tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hello {
    /// The app that the app-level token belongs to.
    pub(crate) app_id: Option<String>,
    /// How long the connection will last, about.
    pub(crate) lifetime: Option<Duration>,
    /// How many connections the app has now, with this one; 0 if that is not told.
    pub(crate) connections: usize,
}

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goodbye {
    /// Slack renews its connections; open another one.
    Refresh,
    /// Socket Mode was switched off for the app.
    LinkDisabled,
    /// The app has as many connections open as Slack allows.
    TooMany,
}

/// An envelope with its payload as received.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    /// What an acknowledgement names.
    pub(crate) id: Cow<'a, str>,
    /// What it carries.
    pub(crate) kind: Kind,
    /// The payload's text, not parsed yet.
    pub(crate) payload: Option<&'a RawValue>,
}

/// What an envelope carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An event of the workspace.
    Event,
    /// Somebody used a slash command of the app.
    SlashCommand,
    /// Somebody pressed a button of the app.
    Interactive,
    /// Something Slack invented since.
    Unknown,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    envelope_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reason: Option<&'a RawValue>,
    #[serde(borrow, default)]
    connection_info: Option<&'a RawValue>,
    #[serde(borrow, default)]
    debug_info: Option<&'a RawValue>,
    #[serde(borrow, default)]
    num_connections: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ConnectionInfo {
    app_id: Option<String>,
}

#[derive(Deserialize)]
struct DebugInfo {
    approximate_connection_time: Option<f64>,
}

fn read<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

/// Reads a frame. `None` when it is not a JSON object.
pub(crate) fn decode(text: &str) -> Option<Frame<'_>> {
    let wire: Wire<'_> = serde_json::from_str(text).ok()?;
    let kind = wire.kind.as_deref().unwrap_or_default();
    if kind == "hello" {
        let seconds = read(wire.debug_info).and_then(|info: DebugInfo| info.approximate_connection_time);
        return Some(Frame::Hello(Hello {
            app_id: read(wire.connection_info).and_then(|info: ConnectionInfo| info.app_id),
            lifetime: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            connections: read(wire.num_connections).unwrap_or_default(),
        }));
    }
    if kind == "disconnect" {
        return Some(Frame::Disconnect(match read::<Cow<'_, str>>(wire.reason).as_deref() {
            Some("link_disabled") => Goodbye::LinkDisabled,
            Some("too_many_websockets") => Goodbye::TooMany,
            // Also what Slack may say some day: a connection that is told to go needs a successor.
            _ => Goodbye::Refresh,
        }));
    }
    let kind = match kind {
        "events_api" => Kind::Event,
        "slash_commands" => Kind::SlashCommand,
        "interactive" => Kind::Interactive,
        _ => Kind::Unknown,
    };
    Some(match wire.envelope_id {
        Some(id) => Frame::Envelope(Envelope { id, kind, payload: wire.payload }),
        None => Frame::Other,
    })
}

/// The frame that tells Slack that an envelope is safe.
pub(crate) fn acknowledgement(envelope_id: &str) -> String {
    serde_json::json!({ "envelope_id": envelope_id }).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use super::*;

    fn hello(text: &str) -> Hello {
        match decode(text) {
            Some(Frame::Hello(hello)) => hello,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn hello_tells_app_and_lifetime_if_it_can() {
        let full = hello(
            r#"{"type":"hello","num_connections":2,"connection_info":{"app_id":"A1"},
                "debug_info":{"host":"x","approximate_connection_time":18060}}"#,
        );
        assert_eq!(full.app_id.as_deref(), Some("A1"));
        assert_eq!((full.lifetime, full.connections), (Some(Duration::from_mins(301)), 2));
        assert_eq!(hello(r#"{"type":"hello"}"#), Hello::default());
        let odd = r#"{"type":"hello","debug_info":{"approximate_connection_time":-3},"connection_info":7,"num_connections":"x"}"#;
        assert_eq!(hello(odd), Hello::default());
    }

    #[test]
    fn a_disconnect_needs_no_debug_info_and_may_have_any_reason() {
        for (text, expected) in [
            (r#"{"type":"disconnect","reason":"warning"}"#, Goodbye::Refresh),
            (
                r#"{"type":"disconnect","reason":"link_disabled","debug_info":{"host":"x"}}"#,
                Goodbye::LinkDisabled,
            ),
            (r#"{"type":"disconnect","reason":"too_many_websockets"}"#, Goodbye::TooMany),
            (r#"{"type":"disconnect","reason":"solar_flare"}"#, Goodbye::Refresh),
            (r#"{"type":"disconnect","reason":5}"#, Goodbye::Refresh),
            (r#"{"type":"disconnect"}"#, Goodbye::Refresh),
        ] {
            assert!(
                matches!(decode(text), Some(Frame::Disconnect(goodbye)) if goodbye == expected),
                "{text}"
            );
        }
    }

    #[test]
    fn the_payload_stays_as_it_came() {
        let text = r#"{"envelope_id":"e-1","payload":{"a" : [1.50, "é\u0000"]},"type":"events_api","retry_attempt":1}"#;
        let Some(Frame::Envelope(envelope)) = decode(text) else { panic!("no envelope") };
        assert_eq!((envelope.id.as_ref(), envelope.kind), ("e-1", Kind::Event));
        assert_eq!(envelope.payload.unwrap().get(), r#"{"a" : [1.50, "é\u0000"]}"#);
    }

    #[test]
    fn an_unknown_type_is_a_value() {
        let text = r#"{"envelope_id":"e-2","type":"holograms"}"#;
        let Some(Frame::Envelope(envelope)) = decode(text) else { panic!("no envelope") };
        assert_eq!((envelope.kind, envelope.payload.is_none()), (Kind::Unknown, true));
        assert!(matches!(decode("{}"), Some(Frame::Other)));
        assert!(decode("[1]").is_none() && decode("nonsense").is_none());
    }

    #[test]
    fn acknowledgements_escape_the_id() {
        assert_eq!(acknowledgement("e\"1"), r#"{"envelope_id":"e\"1"}"#);
    }
}
