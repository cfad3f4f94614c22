"""Who acts: firms, universities, venture funds and governments, and the rules they follow."""
