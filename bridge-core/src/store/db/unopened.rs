//! Why a database server gave no connection, in words.

/// With what to do where that is known by the server's code (PostgreSQL's manual, appendix A).
pub(super) fn in_words(error: &sqlx::Error) -> String {
    let Some(refused) = error.as_database_error() else {
        return format!("PostgreSQL could not be reached: {error}");
    };
    let remedy = match refused.code().as_deref() {
        Some("28P01" | "28000") => {
            "Correct the user in database.url, and the password there or in database.password_file."
        }
        Some("3D000") => {
            "Make the database with `createdb --owner USER NAME`, or correct its name in database.url."
        }
        _ => "Look at the server's log.",
    };
    format!("PostgreSQL answers and lets us not in: {}. {remedy}", refused.message())
}
