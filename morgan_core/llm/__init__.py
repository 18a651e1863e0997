"""Chat models: llama.cpp in this process, or an OpenAI-compatible host."""
