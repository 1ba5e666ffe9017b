"""What a cassette is: values, reading, writing, comparing, age."""
