use serde_json::{Map, Value as Json};

use super::StorageError;
use crate::config::{Prices, StreamMode};
use crate::platform::{Row, Timestamp, Value};

/// A type of field that has one way into its column and out of it.
pub(super) trait Column: Sized {
    fn write(&self) -> Result<Value, StorageError>;
    fn read(row: Row<'_>, column: &str) -> Result<Self, StorageError>;
}

impl Column for bool {
    fn write(&self) -> Result<Value, StorageError> {
        Ok((*self).into())
    }

    fn read(row: Row<'_>, column: &str) -> Result<Self, StorageError> {
        Ok(row.boolean(column)?)
    }
}

impl Column for u32 {
    fn write(&self) -> Result<Value, StorageError> {
        Ok((*self).into())
    }

    fn read(row: Row<'_>, column: &str) -> Result<Self, StorageError> {
        Self::try_from(row.integer(column)?).map_err(|_| corrupt(row, column))
    }
}

impl Column for Option<u32> {
    fn write(&self) -> Result<Value, StorageError> {
        Ok(self.map(i64::from).into())
    }

    fn read(row: Row<'_>, column: &str) -> Result<Self, StorageError> {
        row.optional_integer(column)?.map(u32::try_from).transpose().map_err(|_| corrupt(row, column))
    }
}

impl Column for i32 {
    fn write(&self) -> Result<Value, StorageError> {
        Ok(i64::from(*self).into())
    }

    fn read(row: Row<'_>, column: &str) -> Result<Self, StorageError> {
        Self::try_from(row.integer(column)?).map_err(|_| corrupt(row, column))
    }
}

impl Column for StreamMode {
    fn write(&self) -> Result<Value, StorageError> {
        Ok(self.as_str().into())
    }

    fn read(row: Row<'_>, column: &str) -> Result<Self, StorageError> {
        Self::parse(row.text(column)?).ok_or_else(|| corrupt(row, column))
    }
}

impl Column for Option<Timestamp> {
    fn write(&self) -> Result<Value, StorageError> {
        Ok(self.map(Timestamp::as_micros).into())
    }

    fn read(row: Row<'_>, column: &str) -> Result<Self, StorageError> {
        Ok(row.optional_integer(column)?.map(Timestamp::from_micros))
    }
}

/// Null reads as an empty one.
impl Column for Map<String, Json> {
    fn write(&self) -> Result<Value, StorageError> {
        Ok(json(self)?.into())
    }

    fn read(row: Row<'_>, column: &str) -> Result<Self, StorageError> {
        Ok(read_json(row, column)?.unwrap_or_default())
    }
}

macro_rules! as_json {
    ($($type:ty),+) => {
        $(impl Column for Option<$type> {
            fn write(&self) -> Result<Value, StorageError> {
                Ok(self.as_ref().map(json).transpose()?.into())
            }

            fn read(row: Row<'_>, column: &str) -> Result<Self, StorageError> {
                read_json(row, column)
            }
        })+
    };
}

as_json!(Prices, Vec<String>);

pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String, StorageError> {
    serde_json::to_string(value).map_err(|error| StorageError::Corrupt(error.to_string()))
}

pub(super) fn read_json<T: serde::de::DeserializeOwned>(row: Row<'_>, column: &str) -> Result<Option<T>, StorageError> {
    row.optional_text(column)?.map(serde_json::from_str).transpose().map_err(|_| corrupt(row, column))
}

pub(super) fn corrupt(row: Row<'_>, column: &str) -> StorageError {
    let name = row.optional_text("name").ok().flatten().or_else(|| row.optional_text("id").ok().flatten());
    StorageError::Corrupt(format!("column `{column}` of `{}`", name.unwrap_or("?")))
}
