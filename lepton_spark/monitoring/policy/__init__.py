"""Evidence from sales for decisions about models: choosing anew, and replacing the settings."""
