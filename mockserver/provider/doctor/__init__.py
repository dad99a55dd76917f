"""Why a call was refused, and what to change."""
