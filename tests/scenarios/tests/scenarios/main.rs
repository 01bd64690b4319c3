//! All scenarios, each mounted in every world it holds in.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at once"
)]
#![allow(clippy::unreadable_literal, reason = "timestamps are read as Slack writes them")]

use scenarios::{Result, World, scenario};

mod apps;
mod at_rest;
mod backup;
mod begin_chat;
mod begun_chat;
mod bots;
mod bots_api;
mod bots_crash;
mod bots_ctl;
mod bots_database;
mod bots_import;
mod bots_instagram;
mod bots_many;
mod bots_maubot;
mod bots_operated;
mod bots_outside;
mod bots_pages;
mod bots_plugins;
mod bots_services;
mod bots_trouble;
mod broadcasts;
mod burst;
mod catch_up;
mod channel_rights;
mod channel_state;
mod channels;
mod commands;
mod configuration;
mod crash;
mod database_trouble;
mod dead_letters;
mod demo;
mod demo_bot;
mod direct_chat;
mod doctor;
mod doubled;
mod edits;
mod emoji;
mod encrypted_files;
mod failpoints;
mod file_crashes;
mod files;
mod formatting;
mod ghost;
mod health_homeserver;
mod health_metrics;
mod health_status;
mod health_watchdog;
mod listener;
mod login;
mod long_message;
mod members;
mod membership;
mod new_rooms;
mod oddities;
mod outage;
mod outgoing;
mod people;
mod permalinks;
mod permissions;
mod pictures;
mod pins;
mod public_files;
mod quiet;
mod rate_limit;
mod reactions;
mod rebuild;
mod rebuild_reach;
mod registration;
mod relay;
mod slash;
mod structure;
mod text;
mod threads;
mod two_workers;
mod voice;
mod wire;
