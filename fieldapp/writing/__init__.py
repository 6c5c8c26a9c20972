"""Writing speech down: keyboards that make symbols of keys, the chart of the IPA, scripts and their fonts. Plain data and pure functions, no Qt."""
