//! What was made with maubot is taken over.
