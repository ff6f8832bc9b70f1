/* `findstr /i /x /c:TEXT`, of which Wine has but a stub: prints the lines that are TEXT. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    char line[4096];
    int found = 0;
    if (argc != 4 || strcmp(argv[1], "/i") || strcmp(argv[2], "/x") || strncmp(argv[3], "/c:", 3))
        return 2;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\r\n")] = 0;
        if (!_stricmp(line, argv[3] + 3)) {
            puts(line);
            found = 1;
        }
    }
    return !found;
}
