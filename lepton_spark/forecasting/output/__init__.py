"""Result rows of pass B, and the published tables made of them."""
